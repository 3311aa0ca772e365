#include "config.h"

#include "http_test.h"

#include "http/csrf.h"
#include "http/page.h"
#include "http/template_place.h"

static const struct json *parsed(const char *text)
{
    struct json *out = NULL;

    assert_int_equal(json_parse(A, text, strlen(text), &out), RC_OK);
    return out;
}

static const char *rendered(const char *text, const char *vars, const char *globals)
{
    const struct template *t;
    const char *why = NULL;
    struct sbuf b;

    if (template_parse(A, text, strlen(text), &t, &why) != RC_OK)
        fail_msg("%s: %s", text, why);
    sbuf_init(&b, A, 0);
    template_render(t, vars != NULL ? parsed(vars) : NULL, globals != NULL ? parsed(globals) : NULL, &b);
    return b.text;
}

/* Plain text: nothing is escaped, and no name begins a line of its own. */
static void plain_text(void **state)
{
    static const struct { const char *text, *vars, *expected; } cases[] = {
        { "a <b> {{x}}", "{\"x\":\"<i> & \\\"'\"}", "a <b> <i> & \"'" },
        { "{{x}}\n", "{\"x\":\"a\\nb\\r\\n\\tc\"}", "a b   c\n" },
        { "<script>{{x}}", "{\"x\":\"1\"}", "<script>1" },
        { "{{#x}}y{{/x}}{{^x}}n{{/x}}", NULL, "n" },
        { "{{n}} <a href={{x}}", "{\"n\":7,\"x\":\"javascript:1\"}", "7 <a href=javascript:1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct template *t;
        const char *why = NULL;
        struct sbuf b;

        sbuf_init(&b, A, 0);
        assert_int_equal(template_parse_text(A, cases[i].text, strlen(cases[i].text), &t, &why), RC_OK);
        template_render(t, cases[i].vars != NULL ? parsed(cases[i].vars) : NULL, NULL, &b);
        assert_string_equal(b.text, cases[i].expected);
    }
}

static void language(void **state)
{
    static const struct { const char *text, *vars, *expected; } cases[] = {
        { "", NULL, "" },
        { "no tag { } }} %", NULL, "no tag { } }} %" },
        { "a{{x}}b", "{\"x\":\"1\"}", "a1b" },
        { "a{{ x }}b", "{\"x\":\"1\"}", "a1b" },
        { "{{x}}{{x}}", "{\"x\":\"1\"}", "11" },
        { "{{x}}", NULL, "" },
        { "{{x}}", "{\"x\":null}", "" },
        { "{{x}}", "{\"x\":7}", "7" },
        { "{{x}}", "{\"x\":0}", "0" },
        { "{{x}}", "{\"x\":-9007199254740993}", "-9007199254740993" },
        { "{{x}}", "{\"x\":[1]}", "" },
        { "{{x}}", "{\"x\":{\"y\":1}}", "" },
        /* escaping */
        { "{{x}}", "{\"x\":\"<b>&\\\"'\"}", "&lt;b&gt;&amp;&quot;&#39;" },
        { "<a title=\"{{x}}\">", "{\"x\":\"\\\" onclick=\\\"f()\"}", "<a title=\"&quot; onclick=&quot;f()\">" },
        { "{{x}}", "{\"x\":\"{{y}}\",\"y\":\"no\"}", "{{y}}" },
        { "{{x}}", "{\"x\":\"é\"}", "é" },
        /* sections */
        { "{{#x}}y{{/x}}", "{\"x\":true}", "y" },
        { "{{#x}}y{{/x}}", "{\"x\":\"text\"}", "y" },
        { "{{#x}}y{{/x}}", "{\"x\":false}", "" },
        { "{{#x}}y{{/x}}", "{\"x\":\"\"}", "" },
        { "{{#x}}y{{/x}}", "{\"x\":null}", "" },
        { "{{#x}}y{{/x}}", "{\"x\":[]}", "" },
        { "{{#x}}y{{/x}}", NULL, "" },
        { "{{^x}}y{{/x}}", "{\"x\":true}", "" },
        { "{{^x}}y{{/x}}", "{\"x\":[]}", "y" },
        { "{{^x}}y{{/x}}", "{\"x\":\"\"}", "y" },
        { "{{^x}}y{{/x}}", NULL, "y" },
        { "{{#x}}[{{x}}]{{/x}}", "{\"x\":\"t\"}", "[t]" },
        { "{{#x}}{{n}},{{/x}}", "{\"x\":[{\"n\":1},{\"n\":2},{}]}", "1,2,," },
        { "{{#x}}{{n}}{{o}},{{/x}}", "{\"o\":\"!\",\"x\":[{\"n\":1},{\"n\":2}]}", "1!,2!," }, /* outwards */
        { "{{#x}}{{n}},{{/x}}", "{\"n\":\"out\",\"x\":[{\"n\":\"in\"},{\"n\":null},{\"n\":\"\"}]}", "in,,," },
        { "{{#x}}{{#y}}{{a}}{{b}}{{/y}}{{/x}}", "{\"x\":[{\"a\":1,\"y\":[{\"b\":2},{\"b\":3}]}]}", "1213" },
        { "{{#x}}{{n}}{{/x}}", "{\"x\":{\"n\":5}}", "5" },
        { "{{#x}}{{^last}}, {{/last}}{{/x}}", "{\"x\":[{\"last\":false},{\"last\":true}]}", ", " },
        { "<p{{#x}} hidden{{/x}} class=\"a{{#x}} b{{/x}}\">", "{\"x\":true}", "<p hidden class=\"a b\">" },
        { "<textarea>\n{{x}}</textarea>", "{\"x\":\"</textarea>\"}", "<textarea>\n&lt;/textarea&gt;</textarea>" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *got = rendered(cases[i].text, cases[i].vars, NULL);

        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].text, got);
    }
    assert_string_equal(rendered("{{a}}{{b}}{{c}}", "{\"a\":\"1\"}", "{\"a\":\"x\",\"b\":\"2\"}"), "12");
}

/* A broken template stops the start. */
static void broken(void **state)
{
    static const struct { const char *text, *why; } cases[] = {
        { "{{", "line 1: {{ without }}" },
        { "\n\n{{x}", "line 3: {{ without }}" },
        { "{{}}", "line 1: a tag holds no name" },
        { "{{#}}", "line 1: a tag holds no name" },
        { "{{{x}}}", "line 1: a tag holds no name" }, /* there is no unescaped form */
        { "{{&x}}", "line 1: a tag holds no name" },
        { "{{.}}", "line 1: a tag holds no name" },
        { "{{a.b}}", "line 1: a tag holds no name" },
        { "{{a b}}", "line 1: a tag holds no name" },
        { "{{=<% %>=}}", "line 1: a tag holds no name" },
        { "{{#x}}", "line 1: a section is not closed" },
        { "{{/x}}", "line 1: a section is closed that is not open" },
        { "{{#x}}\n{{/y}}", "line 2: a section is closed that is not open" },
        { "{{#x}}{{#y}}{{/x}}{{/y}}", "line 1: a section is closed that is not open" },
        { "\xff", "line 1: not UTF-8 text" },
        /* where no escaping helps */
        { "<script>var x = \"{{x}}\";</script>", "line 1: a name stands where nothing can be escaped" },
        { "<style>a { color: {{x}} }</style>", "line 1: a name stands where nothing can be escaped" },
        { "<SCRIPT>\n{{x}}</SCRIPT>", "line 2: a name stands where nothing can be escaped" },
        { "<!-- {{x}} -->", "line 1: a name stands where nothing can be escaped" },
        { "<a {{x}}>", "line 1: a name stands where nothing can be escaped" },
        { "<{{x}}>", "line 1: a name stands where nothing can be escaped" },
        { "<a href={{x}}>", "line 1: a name stands where nothing can be escaped" },
        { "<a href='{{x}}'>", "line 1: a name stands where nothing can be escaped" },
        { "<a onclick=\"{{x}}\">", "line 1: a name stands where nothing can be escaped" },
        { "<a OnClick = \"{{x}}\">", "line 1: a name stands where nothing can be escaped" },
        { "<script/x>{{x}}</script>", "line 1: a name stands where nothing can be escaped" },
        { "<a b=c\"{{x}}\">", "line 1: a name stands where nothing can be escaped" },
        { "<a style=\"color:{{x}}\">", "line 1: a name stands where nothing can be escaped" },
        { "<iframe srcdoc=\"{{x}}\">", "line 1: a name stands where nothing can be escaped" },
        { "{{#x}}<a href=\"{{/x}}y\">", "line 1: a section does not hold balanced text" },
        { "<a {{#x}}title=\"{{/x}}y\">", "line 1: a section does not hold balanced text" },
        { "{{#x}}<!--{{/x}}-->", "line 1: a section does not hold balanced text" },
        { "<a title=\"", "line 1: the template ends inside a tag" },
        { "<script>", "line 1: the template ends inside a tag" },
        { "<a {{> b}}>", "line 1: a template is included inside a tag" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct template *t = NULL;
        const char *why = "";

        if (template_parse(A, cases[i].text, strlen(cases[i].text), &t, &why) != RC_NONE)
            fail_msg("%s is accepted", cases[i].text);
        assert_string_equal(why, cases[i].why);
    }
}

static void fine_places(void **state)
{
    static const char *const cases[] = {
        "<script nonce=\"{{x}}\" src=\"{{x}}/a.js\"></script>{{x}}",
        "<script>if (a < b && c > d) f(\"</a>\");</script>{{x}}",
        "<!-- it's -- \"quoted -->{{x}}",
        "a < b {{x}}",
        "<p title='it\"s'>{{x}}",
        "<input type=hidden value=\"{{x}}\">",
        "<a href = \"{{x}}\">",
        "<!DOCTYPE html>{{x}}",
        "<br/>{{x}}",
        "<a title = \"a>b\">{{x}}",
        "<a title= 'a>b'>{{x}}",
        "<a b=c/d title=\"{{x}}\">",
        "<title>{{x}}</title>",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_has(rendered(cases[i], "{\"x\":\"/q\"}", NULL), "/q");
}

/* A link that runs something is no link, whoever stored it. */
static void urls(void **state)
{
    static const struct { const char *url; bool is_link, is_image; } cases[] = {
        { "https://a.example/b?c=d", true, true },
        { "/oauth2/static/a", true, true },
        { "a/b:c", true, true },
        { "?a=b:c", true, true },
        { "#a", true, true },
        { "", true, true },
        { "mailto:a@b.example", true, true },
        { "com.example.app:/cb", true, true },
        { "otpauth://totp/x", true, true },
        { "javascriptx:1", true, true },
        { "javascript:alert(1)", false, false },
        { "JavaScript:alert(1)", false, false },
        { " javascript:alert(1)", false, false },
        { "java\\tscript:alert(1)", false, false },
        { "\\u0001javascript:alert(1)", false, false },
        { "vbscript:x", false, false },
        { "data:text/html,x", false, false },
        { "data:image/png;base64,AAAA", false, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *vars = arena_printf(A, "{\"u\":\"%s\"}", cases[i].url);
        bool is_link = strcmp(rendered("<a href=\"{{u}}\">", vars, NULL), "<a href=\"#\">") != 0 ||
                       strcmp(cases[i].url, "#") == 0;
        bool is_image = strcmp(rendered("<img src=\"{{u}}\">", vars, NULL), "<img src=\"#\">") != 0;

        if (strcmp(cases[i].url, "#a") != 0 && (is_link != cases[i].is_link || is_image != cases[i].is_image))
            fail_msg("%s: %d %d", cases[i].url, is_link, is_image);
        assert_has(rendered("<p title=\"{{u}}\">", vars, NULL), cases[i].is_link ? "" : ":"); /* elsewhere just text */
    }
    assert_string_equal(rendered("<form action=\"{{u}}\">", "{\"u\":\"javascript:x\"}", NULL), "<form action=\"#\">");
    assert_string_equal(rendered("<a href=\"{{p}}{{u}}\">", "{\"p\":\"\",\"u\":\"javascript:x\"}", NULL),
                        "<a href=\"#\">");
    assert_string_equal(rendered("<a href=\"/x?{{u}}\">", "{\"u\":\"javascript:x\"}", NULL),
                        "<a href=\"/x?javascript:x\">");
}

/* --- folders --------------------------------------------------------------------- */

static const char *folder;

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(arena_printf(A, "%s/html/%s", folder, name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void make_folder(void)
{
    folder = mkdtemp(arena_strdup(A, "/tmp/test_page_XXXXXX"));
    assert_non_null(folder);
    assert_int_equal(system(arena_printf(A, "mkdir -p %s/html/pages %s/html/layout %s/html/assets %s/html/mail",
                                         folder, folder, folder, folder)), 0);
    write_file("pages/error.html", "{{> layout/head}}{{message}}");
    write_file("layout/head.html", "<title>{{title}}</title>");
    write_file("assets/a.css", "a{}");
}

static enum rc load(void)
{
    return templates_load(A, folder, &X.templates);
}

static const char *page(const char *name, const char *vars)
{
    struct sbuf b;

    sbuf_init(&b, A, 0);
    assert_int_equal(page_render(&X, name, vars != NULL ? (struct json *)(uintptr_t)parsed(vars) : NULL, &b), RC_OK);
    return b.text;
}

static void loading(void **state)
{
    struct sbuf b;

    (void)state;
    make_folder();
    assert_int_equal(load(), RC_OK);
    assert_string_equal(page("pages/error", "{\"title\":\"T\",\"message\":\"M\"}"), "<title>T</title>M");
    sbuf_init(&b, A, 0);
    assert_int_equal(page_render(&X, "pages/none", NULL, &b), RC_FAULT);
    write_file("pages/bad.html", "{{#x}}");
    assert_int_equal(load(), RC_FAULT);
    write_file("pages/bad.html", "{{> layout/none}}");
    assert_int_equal(load(), RC_FAULT);
    write_file("pages/bad.html", "{{#x}}{{> pages/bad}}{{/x}}"); /* for ever */
    assert_int_equal(load(), RC_FAULT);
    write_file("pages/bad.html", "");
    write_file("mail/x.txt", "{{> mail/foot}}, {{x}}\n");
    assert_int_equal(load(), RC_FAULT);
    write_file("mail/foot.txt", "<{{x}}>");
    assert_int_equal(load(), RC_OK);
    assert_string_equal(page("mail/x.txt", "{\"x\":\"&\"}"), "<&>, &\n");
    write_file("pages/bad.html", "{{> layout/foot}}");
    write_file("layout/foot.html", "{{> pages/bad}}");
    assert_int_equal(load(), RC_FAULT);
    assert_int_equal(system(arena_printf(A, "rm -r %s", folder)), 0);
    assert_int_equal(load(), RC_FAULT);
}

static void assets(void **state)
{
    (void)state;
    make_folder();
    const char *one = asset_version(A, folder);
    assert_int_equal(strlen(one), 8);
    assert_string_equal(asset_version(A, folder), one);
    write_file("assets/a.css", "a{} ");
    assert_string_not_equal(asset_version(A, folder), one);
    assert_int_equal(system(arena_printf(A, "rm -r %s", folder)), 0);
}

/* html/VARIABLES: what every page has.  A cookie only where there is a form. */
static void globals(void **state)
{
    (void)state;
    make_folder();
    write_file("pages/all.html",
               "{{title}}|{{tagline}}|{{logo_url}}|{{#theme_css}}css{{/theme_css}}|"
               "{{#footer_links}}{{label}}{{/footer_links}}|{{oauth}}|{{nonce}}|{{issuer}}|{{product_version}}|{{asset_v}}");
    write_file("pages/form.html", "<input type=\"hidden\" name=\"csrf_token\" value=\"{{csrf_token}}\">");
    assert_int_equal(load(), RC_OK);
    X.theme = parsed("{\"title\":\"A&B\",\"tagline\":\"\",\"logo_url\":\"/l.svg\",\"theme_css\":true,"
                     "\"footer_links\":[{\"label\":\"L\"}]}");
    RS.nonce = "N";
    assert_string_equal(page("pages/all", NULL),
                        arena_printf(A, "A&amp;B||/l.svg|css|L|/oauth2|N|" ISSUER "|" PACKAGE_VERSION "|%s",
                                     asset_version(A, folder)));
    assert_int_equal(RS.headers.n, 0);
    assert_has(page("pages/all", "{\"title\":\"mine\"}"), "mine|"); /* the page's own first */
    X.theme = NULL; /* before the settings could be read */
    assert_has(page("pages/all", NULL), "Autentico|");
    const char *form = page("pages/form", NULL);
    assert_has(RS.headers.text, "Set-Cookie: autentico_csrf=");
    assert_int_equal(strlen(form), strlen("<input type=\"hidden\" name=\"csrf_token\" value=\"\">") + 86);
    assert_int_equal(system(arena_printf(A, "rm -r %s", folder)), 0);
}

/* The templates we ship all parse, include what exists, and carry their nonce. */
static void our_own(void **state)
{
    (void)state;
    assert_int_equal(templates_load(A, SRCDIR, &X.templates), RC_OK);
    X.theme = parsed("{\"title\":\"T\",\"logo_url\":\"/l.svg\"}");
    const char *text = page("pages/login", "{\"authorize_sig\":\"SIG\"}");
    assert_has(text, arena_printf(A, "<script nonce=\"%s\"", RS.nonce));
    /* form-fields 1: scraped by scripts as name, white space, value */
    assert_has(text, "name=\"csrf_token\" value=\"");
    assert_has(text, "name=\"authorize_sig\" value=\"SIG\"");
    assert_has(page("pages/error", "{\"message\":\"<m>\"}"), "role=\"alert\">&lt;m&gt;</p>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain_text), TEST(language), TEST(broken), TEST(fine_places), TEST(urls), TEST(loading), TEST(assets), TEST(globals),
        TEST(our_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
