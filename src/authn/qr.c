#include "config.h"

#include "authn/qr.h"

#include <errno.h>
#include <string.h>

#include <png.h>
#include <qrencode.h>

#include "util/encode.h"
#include "util/log.h"

#define SCALE 5     /* pixels of a module: some 250 for what we show */
#define QUIET 4     /* modules of white around it (ISO 18004) */
#define WHITE 0xff

static void paint_module(uint8_t *pixels, size_t side, size_t row, size_t column)
{
    for (size_t y = 0; y < SCALE; y++)
        memset(pixels + (row * SCALE + y) * side + column * SCALE, 0, SCALE);
}

/* One byte a pixel, row after row. */
static uint8_t *paint(struct arena *a, const QRcode *code, size_t side)
{
    size_t width = (size_t)code->width;
    uint8_t *pixels = arena_alloc(a, side * side);

    memset(pixels, WHITE, side * side);
    for (size_t i = 0; i < width * width; i++)
        if (code->data[i] & 1)
            paint_module(pixels, side, QUIET + i / width, QUIET + i % width);
    return pixels;
}

static enum rc write_png(struct arena *a, const uint8_t *pixels, size_t side, struct bytes *out)
{
    png_image image = { .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_GRAY, .width = (png_uint_32)side,
                        .height = (png_uint_32)side };
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(image);
    uint8_t *p = arena_alloc(a, n);

    if (!png_image_write_to_memory(&image, p, &n, 0, pixels, 0, NULL))
        return fault("qr: %s", image.message);
    *out = (struct bytes){ p, n };
    return RC_OK;
}

enum rc qr_data_uri(struct arena *a, const char *text, const char **out)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    struct bytes png;
    size_t side;

    if (code == NULL)
        return fault("qr: %s", strerror(errno));
    side = ((size_t)code->width + 2 * QUIET) * SCALE;
    const uint8_t *pixels = paint(a, code, side);
    QRcode_free(code);
    TRY(write_png(a, pixels, side, &png));
    *out = arena_printf(a, "data:image/png;base64,%s", base64_encode(a, png));
    return RC_OK;
}
