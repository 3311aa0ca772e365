/* The picture; that phones can read it is shown in tests/browser. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <png.h>

#include "authn/qr.h"
#include "util/encode.h"

#define PREFIX "data:image/png;base64,"

static void picture(void **state)
{
    struct arena *a = arena_start("test");
    png_image image = { .version = PNG_IMAGE_VERSION };
    const char *uri;
    struct bytes png;
    uint8_t *pixels;

    (void)state;
    assert_int_equal(qr_data_uri(a, "otpauth://totp/Example:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", &uri), RC_OK);
    assert_memory_equal(uri, PREFIX, sizeof(PREFIX) - 1);
    assert_int_equal(base64_decode(a, uri + sizeof(PREFIX) - 1, &png), RC_OK);
    assert_true(png_image_begin_read_from_memory(&image, png.p, png.n));
    image.format = PNG_FORMAT_GRAY;
    pixels = arena_alloc(a, PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    assert_int_equal(image.width, image.height);
    assert_true(image.width > 100 && image.width < 400);
    /* four modules of quiet, then the corner of a finder: seven black ones, a white one */
    assert_int_equal(pixels[0], 255);
    assert_int_equal(pixels[19 * image.width + 19], 255);
    for (int i = 20; i < 55; i++)
        assert_int_equal(pixels[20 * image.width + i], 0);
    assert_int_equal(pixels[20 * image.width + 55], 255);
    arena_done(a);
}

static void too_long(void **state)
{
    struct arena *a = arena_start("test");
    char *text = arena_alloc(a, 5001);
    const char *uri = "untouched";

    (void)state;
    memset(text, 'x', 5000);
    assert_int_equal(qr_data_uri(a, text, &uri), RC_FAULT);
    assert_string_equal(uri, "untouched");
    arena_done(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(picture), cmocka_unit_test(too_long) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
