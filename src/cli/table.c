#include "config.h"

#include "cli/cli.h"

#define CONFIG "  --config FILE      configuration (default: ./.env, else /etc/autentico/autentico.env)\n"

const struct command cli_commands[] = {
    { "init", "write a configuration with fresh secrets",
      "Usage: autentico init [flags]\n"
      "Writes DIR/.env (mode 0600) with fresh secrets; refuses to overwrite one.\n"
      "  --url URL          public address (default: http://localhost:9999)\n"
      "  --output DIR       where to (default: .)\n"
      "  --dev              cookie flags for plain http\n"
      "  --complete         add to an existing file what it lacks, change nothing else\n"
      "  --config FILE      with --complete: that file instead of DIR/.env\n",
      cli_init },
    { "start", "run the server until TERM or INT",
      "Usage: autentico start [flags]\n"
      "Runs the server.  While the address is loopback it starts a private web server too.\n" CONFIG
      "  --auto-setup       write ./.env first when there is none\n"
      "  --url URL          public address for --auto-setup\n"
      "  --dev              cookie flags for plain http, for --auto-setup\n"
      "  --no-auto-migrate  refuse to start when the database schema is behind\n",
      cli_start },
    { "fcgi", "the same with a listening socket on descriptor 0",
      "Usage: autentico fcgi [flags]\n"
      "`start` for spawn-fcgi and lighttpd's bin-path, which hand over one listening socket as\n"
      "descriptor 0.  One process per site: a second one says so and exits.\n" CONFIG
      "  --no-auto-migrate  refuse to start when the database schema is behind\n",
      cli_fcgi },
    { "onboard", "create the first administrator",
      "Usage: autentico onboard --username NAME [flags]\n"
      "Creates the first administrator, once.  Works without a running server and beside one.\n" CONFIG
      "  --username NAME    (or AUTENTICO_ADMIN_USERNAME)\n"
      "  --password TEXT    (or AUTENTICO_ADMIN_PASSWORD; else it is asked for)\n"
      "  --password-stdin   read it as one line from standard input\n"
      "  --email ADDRESS    (or AUTENTICO_ADMIN_EMAIL)\n"
      "  --token            print a new one-time set-up link instead\n"
      "  --enable-admin-password-grant  autentico-admin may use the password grant (for scripts that\n"
      "                     cannot sign in otherwise; or AUTENTICO_ENABLE_ADMIN_PASSWORD_GRANT=true)\n",
      cli_onboard },
    { "migrate", "bring the database schema up to date",
      "Usage: autentico migrate [flags]\n"
      "Shows the versions and asks for the target version before it changes anything.\n" CONFIG,
      cli_migrate },
    { "audit", "the audit trail: verify, export",
      "Usage: autentico audit verify [--expect SEQ:HASH]\n"
      "       autentico audit export [--after SEQ]\n"
      "verify finds the first row of the trail that was altered, taken away, put there or moved, and\n"
      "checks every signed checkpoint; exit status 1 then.  export prints one JSON object per line.\n" CONFIG
      "  --expect SEQ:HASH  verify: this row had this hash, as an export or the journal says\n"
      "  --after SEQ        export: only what comes after that row\n",
      cli_audit },
    { "backup", "copy the database while it is used, check the copy, encrypt it",
      "Usage: autentico backup --output FILE|DIRECTORY [flags]\n"
      "       autentico backup verify FILE [--identity FILE]\n"
      "Copies the database of a running server, checks that the copy is whole and that its keys sign,\n"
      "and only then encrypts it by age (apt-get install age) and gives it its name; FILE.sha256 lies\n"
      "beside it.  Nothing is overwritten.  Exit status 1 when anything is wrong.\n" CONFIG
      "  --output WHERE     a new file, or a directory, where names tell the time\n"
      "  --recipient KEY    encrypt to this public key of age (age1...); several: separated by spaces\n"
      "                     (default: AUTENTICO_BACKUP_RECIPIENT; neither: not encrypted)\n"
      "  --with-secrets     the configuration, with its keys, too; encrypted only\n"
      "  --keep N           of the backups in the directory keep the newest N\n"
      "  --identity FILE    verify: the key of age that opens it\n",
      cli_backup },
    { "restore", "put a backup in place, if it is good",
      "Usage: autentico restore FILE --to PATH [flags]\n"
      "Checks a backup as `backup verify` does, and puts the database at PATH.  Nothing is overwritten;\n"
      "of a backup that is damaged or of another encryption key nothing is put anywhere.\n" CONFIG
      "  --to PATH          where the database is to be; a configuration that is in the backup\n"
      "                     becomes PATH.env\n"
      "  --identity FILE    the key of age that opens it\n",
      cli_restore },
    { "keys", "signing keys: list, rotate, retire",
      "Usage: autentico keys list [--json]\n"
      "       autentico keys rotate [--alg ALG] [--now]\n"
      "       autentico keys retire KID [--now]\n"
      "rotate makes a new key beside each one that signs.  It is published at once, signs five minutes\n"
      "later, when everybody can know it, and the old one stays published for a day: nobody is signed\n"
      "out.  With --now, after a compromise, the new one signs at once, and the old one and the tokens\n"
      "that it signed end.  retire takes back a key that does not sign yet, or with --now ends one that\n"
      "is still published.  By the calendar: the setting signing_key_rotation.\n" CONFIG
      "  --alg ALG          only RS256, ES256 or EdDSA; default: all that sign\n"
      "  --now              no overlap\n"
      "  --json             machine-readable; lists: one object per line\n",
      cli_keys },
    { "secrets", "secrets of the configuration and of applications: rotate, retire",
      "Usage: autentico secrets rotate cookie|admin-token|encryption [--now]\n"
      "       autentico secrets rotate client CLIENT_ID [--now]\n"
      "       autentico secrets retire cookie|admin-token|encryption [--now]\n"
      "rotate puts a new secret into the configuration file, or into the one that NAME_FILE names,\n"
      "keeps the one before as NAME_PREVIOUS (NAME_PREVIOUS_FILE), and says what ends when; one that\n"
      "comes from the process environment is printed instead.  retire takes NAME_PREVIOUS out again,\n"
      "when nothing needs it any more.  An application's secret is printed, and the one before works\n"
      "for 24 hours more.\n" CONFIG
      "  --now              after a compromise: the one before stops with the next reload; an\n"
      "                     application's stops at once.  retire: does not wait\n"
      "  --json             client: machine-readable\n",
      cli_secrets },
    { "clients", "applications: add, list, update, disable, enable, rotate-secret",
      "Usage: autentico clients add --name NAME --redirect-uri URI [flags]\n"
      "       autentico clients list [--json]\n"
      "       autentico clients update CLIENT_ID [flags]\n"
      "       autentico clients disable CLIENT_ID\n"
      "       autentico clients enable CLIENT_ID\n"
      "       autentico clients rotate-secret CLIENT_ID [--now]\n" CONFIG
      "  --name NAME        name people see\n"
      "  --redirect-uri URI exactly as the application sends it; several: separated by spaces\n"
      "  --post-logout-redirect-uri URI  the same, for after signing out\n"
      "  --client-id ID     default: a random one\n"
      "  --scopes LIST      default: openid profile email\n"
      "  --public           no secret, PKCE required (browser and native applications)\n"
      "  --refresh          may use refresh tokens\n"
      "  --grant-types LIST default: authorization_code; also refresh_token, client_credentials (a\n"
      "                     server that acts for itself), password (only where nothing else works)\n"
      "  --auth-method M    client_secret_basic (default) or client_secret_post\n"
      "  --access-token-format F  jwt or opaque; default: as the setting says\n"
      "  --now              the old secret stops at once; default: it works for 24 hours more\n"
      "  --json             machine-readable; lists: one object per line\n",
      cli_clients },
    { "users", "people: add, list, set-password, unlock, reset-factor, remove-passkeys, recover",
      "Usage: autentico users add USERNAME [--email ADDRESS] [--admin]\n"
      "       autentico users list [--json]\n"
      "       autentico users set-password USERNAME\n"
      "       autentico users unlock USERNAME\n"
      "       autentico users reset-factor USERNAME\n"
      "       autentico users remove-passkeys USERNAME\n"
      "       autentico users recover USERNAME\n"
      "reset-factor takes the authenticator app away, remove-passkeys all passkeys: for devices\n"
      "that are lost.\n"
      "recover prints a link by which the person chooses a new password, once.\n"
      "Passwords are asked for on the terminal, or read as one line from standard input.\n" CONFIG
      "  --email ADDRESS\n"
      "  --admin            with the role admin\n"
      "  --password-stdin   no prompt, even on a terminal\n"
      "  --json             machine-readable; lists: one object per line\n",
      cli_users },
    { "settings", "what may change while it runs: list, set",
      "Usage: autentico settings list [--json]\n"
      "       autentico settings set KEY VALUE\n"
      "       autentico settings set KEY --default\n"
      "A running server goes by it from its next request on.  Secrets (smtp_password) are set through\n"
      "the administrators' API.\n" CONFIG
      "  --default          set: what it was in the beginning\n"
      "  --json             machine-readable; lists: one object per line\n",
      cli_settings },
    { "doctor", "look for what is weak or wrong, and say what to type",
      "Usage: autentico doctor [flags]\n"
      "Looks at files, secrets, processes, the database, settings, people and applications, and at the\n"
      "public address from outside, beside a running server or without one.  Root sees most.  Exit status\n"
      "0: nothing to mend, 1: warnings, 2: failures.  The report of a whole look is kept for the console.\n"
      "What has to stay as it is stands in doctor.waivers beside the configuration, a line each:\n"
      "  CHECK[:SUBJECT] YYYY-MM-DD why, and until when\n" CONFIG
      "  --only LIST        these checks only, by their names, separated by commas\n"
      "  --quiet            only what is to be mended; nothing when there is nothing\n"
      "  --json             machine-readable\n",
      cli_doctor },
    { "site", "print the site file for your web server",
      "Usage: autentico site nginx | apache | lighttpd [flags]\n"
      "Prints a complete site with this configuration filled in.\n" CONFIG,
      cli_site },
    { "version", "print the version", "Usage: autentico version\n", cli_version },
    { "help", "this text, or a command's, or `variables`",
      "Usage: autentico help [COMMAND | variables]\n", cli_help },
};
const size_t cli_commands_n = ARRAY_LEN(cli_commands);
