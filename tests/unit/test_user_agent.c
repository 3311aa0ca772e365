#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/user_agent.h"

static void names(void **state)
{
    static const char *const rows[][2] = {
        { "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux" },
        { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
          "Chrome on Windows" },
        { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
          " Edg/126.0.0.0", "Edge on Windows" },
        { "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
          " Mobile/15E148 Safari/604.1", "Safari on iPhone" },
        { "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/127.0"
          " Mobile/15E148 Safari/605.1.15", "Firefox on iPhone" },
        { "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
          "Chrome on Android" },
        { "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
          "Safari on macOS" },
        { "123456789 123456789 123456789 123456789 123456789 1234567\xC3\xA9\xC3\xA9 and more",
          "123456789 123456789 123456789 123456789 123456789 1234567\xC3\xA9..." },
        { "curl/8.5.0", "curl" }, { "A <b>browser</b>", "A <b>browser</b>" }, { "", "Unknown browser" },
        { NULL, "Unknown browser" },
    };
    struct arena *a = arena_start("test");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(user_agent_name(a, rows[i][0]), rows[i][1]);
    arena_done(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
