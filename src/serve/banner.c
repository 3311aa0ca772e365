#include "config.h"

#include "serve/banner.h"

static void print_onboarding(FILE *out, const struct conf *conf, const struct prepared *prepared)
{
    if (prepared->is_onboarded)
        return;
    if (prepared->onboard_token[0] == '\0') {
        fprintf(out, "  Set up        %s/onboard\n", conf->url);
        return;
    }
    fprintf(out, "  Set up        %s/onboard?token=%s\n", conf->url, prepared->onboard_token);
    fprintf(out, "                (this link works once and for one hour; a new one: autentico onboard --token)\n");
}

static void print_sockets(FILE *out, const struct conf *conf, const struct sockets *sockets)
{
    if (sockets->are_given) {
        fprintf(out, "  FastCGI       %s\n", sockets->login_fd >= 0 ? "two sockets that were handed over"
                                                                     : "a socket that was handed over");
        return;
    }
    if (!text_empty(conf->tcp_listen)) {
        fprintf(out, "  FastCGI       %s port %lld\n", conf->tcp_address, (long long)conf->tcp_port);
        return;
    }
    fprintf(out, "  FastCGI       %s\n", conf->socket);
    if (!text_empty(conf->login_socket))
        fprintf(out, "                %s\n", conf->login_socket);
}

static void print_front(FILE *out, const struct conf *conf, const struct front_server *front,
                        const struct sockets *sockets)
{
    if (front->is_wanted) {
        fprintf(out, "  Front         %s, private, on port %s\n", front->program, conf->listen_port);
        return;
    }
    print_sockets(out, conf, sockets);
    if (!sockets->are_given)
        fprintf(out, "  Web server    put this in front: autentico site nginx, or lighttpd, or apache\n");
}

void banner_print(FILE *out, const struct conf *conf, const struct prepared *prepared, const struct front_server *front,
                  const struct sockets *sockets)
{
    fprintf(out, "\nAutentico %s\n\n", PACKAGE_VERSION);
    print_onboarding(out, conf, prepared);
    fprintf(out, "  Base URL      %s\n", conf->url);
    fprintf(out, "  Admin         %s/admin/\n", conf->url);
    fprintf(out, "  Account       %s/account/\n", conf->url);
    fprintf(out, "  Issuer        %s\n", conf->issuer);
    fprintf(out, "  Discovery     %s/.well-known/openid-configuration\n", conf->issuer);
    fprintf(out, "  JWKS          %s/.well-known/jwks.json\n", conf->issuer);
    fprintf(out, "  Authorize     %s/authorize\n", conf->issuer);
    fprintf(out, "  Token         %s/token\n", conf->issuer);
    fprintf(out, "  Database      %s\n", conf->db_path);
    print_front(out, conf, front, sockets);
    fprintf(out, "\n");
    fflush(out);
}
