#include "cvterm.h"

#include <vterm.h>

/* libvterm's own tables, which its header does not show. They have had this form since its first release, and the library is
 * linked statically, so that the linker would miss them if they went away. */
int vterm_unicode_width(uint32_t codepoint);
int vterm_unicode_is_combining(uint32_t codepoint);

struct corral_vterm {
    VTerm *vterm;
    VTermState *state;
    struct corral_vterm_events events;
    void *context;
};

static int on_glyph(VTermGlyphInfo *info, VTermPos at, void *user) {
    struct corral_vterm *terminal = user;
    terminal->events.glyph(terminal->context, info->chars[0], info->width, at.row, at.col);
    return 1;
}

static int on_scroll(VTermRect rect, int downward, int rightward, void *user) {
    struct corral_vterm *terminal = user;
    terminal->events.scroll(terminal->context, rect.start_row, rect.end_row, rect.start_col, rect.end_col, downward, rightward);
    return 1;
}

static int on_erase(VTermRect rect, int selective, void *user) {
    struct corral_vterm *terminal = user;
    (void)selective;
    terminal->events.erase(terminal->context, rect.start_row, rect.end_row, rect.start_col, rect.end_col);
    return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *user) {
    (void)property, (void)value, (void)user;
    return 1;
}

static const VTermStateCallbacks callbacks = {
    .putglyph = on_glyph, .scrollrect = on_scroll, .erase = on_erase, .settermprop = on_property};

struct corral_vterm *corral_vterm_new(int rows, int columns, const struct corral_vterm_events *events, void *context) {
    struct corral_vterm *terminal = calloc(1, sizeof *terminal);
    if (!terminal) return NULL;
    terminal->vterm = vterm_new(rows, columns);
    if (!terminal->vterm) {
        free(terminal);
        return NULL;
    }
    vterm_set_utf8(terminal->vterm, 1);
    terminal->state = vterm_obtain_state(terminal->vterm);
    vterm_state_reset(terminal->state, 1);
    terminal->events = *events;
    terminal->context = context;
    vterm_state_set_callbacks(terminal->state, &callbacks, terminal);
    return terminal;
}

void corral_vterm_free(struct corral_vterm *terminal) {
    vterm_free(terminal->vterm);
    free(terminal);
}

void corral_vterm_write(struct corral_vterm *terminal, const uint8_t *bytes, size_t count) {
    vterm_input_write(terminal->vterm, (const char *)bytes, count);
}

void corral_vterm_reset(struct corral_vterm *terminal) { vterm_state_reset(terminal->state, 1); }

void corral_vterm_cursor(const struct corral_vterm *terminal, int *row, int *column) {
    VTermPos at;
    vterm_state_get_cursorpos(terminal->state, &at);
    *row = at.row;
    *column = at.col;
}

int corral_vterm_width(uint32_t scalar) {
    return vterm_unicode_is_combining(scalar) ? 0 : vterm_unicode_width(scalar);
}
