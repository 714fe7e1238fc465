// What the C library's printf makes of directives, one a line of the input:
//   kind (i l d s), how many of width and precision come as arguments, those two, the value in hex, the format in hex.
// The answer is a line of hex each. A string's value is its place in the list below; 0 is the null pointer.
#include <stdio.h>
#include <string.h>

static const char *const strings[] = {NULL, "", "a", "words", "a longer text, of more words"};
static char out[1 << 16];

#define PRINT(value)                                                                  \
    (stars == 0   ? snprintf(out, sizeof out, format, value)                          \
     : stars == 1 ? snprintf(out, sizeof out, format, first, value)                   \
                  : snprintf(out, sizeof out, format, first, second, value))

int main(void) {
    char kind, hex[256], format[128];
    int stars, first, second;
    unsigned long long bits;
    while (scanf(" %c %d %d %d %llx %255s", &kind, &stars, &first, &second, &bits, hex) == 6) {
        size_t length = strlen(hex) / 2;
        for (size_t at = 0; at < length; at++) {
            unsigned byte;
            sscanf(hex + 2 * at, "%2x", &byte);
            format[at] = (char)byte;
        }
        format[length] = 0;
        double number;
        memcpy(&number, &bits, sizeof number);
        int count = kind == 'i'   ? PRINT((int)bits)
                    : kind == 'l' ? PRINT(bits)
                    : kind == 'd' ? PRINT(number)
                                  : PRINT(strings[bits]);
        for (int at = 0; at < count; at++) printf("%02x", (unsigned char)out[at]);
        puts("");
    }
    return 0;
}
