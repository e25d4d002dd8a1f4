/* What Swift cannot import of libvterm: bitfields, unions and tables of callbacks.
 *
 * Only libvterm's state layer is used: it interprets text and control sequences, keeps the cursor, and says what happens to
 * which cells. It keeps no cells; the caller does. Compiles against libvterm 0.1.4 to 0.3.
 *
 * No policy, no logging. Nothing is ever sent back to the program behind the terminal. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* What happens to the cells. Rows and columns count from 0; ends are exclusive. `context` is corral_vterm_new's. */
struct corral_vterm_events {
    /* One character of `width` 1 or 2 columns is written. */
    void (*glyph)(void *context, uint32_t scalar, int width, int row, int column);
    /* The content moves up by `downward` rows (down when negative) and left by `rightward` columns (right when negative),
     * and what comes free is erased. */
    void (*scroll)(void *context, int top, int bottom, int left, int right, int downward, int rightward);
    /* The cells are erased. */
    void (*erase)(void *context, int top, int bottom, int left, int right);
};

struct corral_vterm;

/* A terminal in its first state, in UTF-8. It keeps its size: libvterm 0.3 writes beyond its lines after a change of size, unless
 * the caller reallocates them. `events` is copied; `context` stays the caller's and must outlive the terminal.
 * The caller owns the result (corral_vterm_free); NULL when there is no memory. */
struct corral_vterm *corral_vterm_new(int rows, int columns, const struct corral_vterm_events *events, void *context);

void corral_vterm_free(struct corral_vterm *terminal);

/* Interprets bytes, which are only read; the events come before this returns. At most 1024 bytes: libvterm 0.1.4 keeps four
 * bytes of stack for each. */
void corral_vterm_write(struct corral_vterm *terminal, const uint8_t *bytes, size_t count);

/* Back to the first state. The event `erase` comes for the whole screen. */
void corral_vterm_reset(struct corral_vterm *terminal);

/* Where the cursor is. */
void corral_vterm_cursor(const struct corral_vterm *terminal, int *row, int *column);

/* Columns that a character takes as libvterm counts: 0 for one that joins the character before it, -1 for a control. */
int corral_vterm_width(uint32_t scalar);
