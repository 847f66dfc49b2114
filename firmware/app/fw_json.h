/*
 * A small strict JSON reader (RFC 8259) for requests: one check of the whole text, then a walk over the members of an
 * object. It works in the text itself, needs no memory, and nests at most FW_JSON_DEPTH deep.
 */
#ifndef FW_JSON_H
#define FW_JSON_H

#include <stdint.h>

#define FW_JSON_DEPTH 8u

typedef enum fw_json_type {
  FW_JSON_NULL,
  FW_JSON_TRUE,
  FW_JSON_FALSE,
  FW_JSON_NUMBER,
  FW_JSON_STRING,
  FW_JSON_ARRAY,
  FW_JSON_OBJECT
} fw_json_type;

/* A value where it stands in the text; a string's bytes are those between its quotes, still escaped. */
typedef struct fw_json_value {
  char *at;
  uint32_t bytes;
  fw_json_type type;
} fw_json_value;

/* Whether the whole text is one valid JSON value, in UTF-8, with no member named twice in the outermost object. */
int fw_json_valid(const char *text, uint32_t n);

/* The value of a valid text. */
fw_json_value fw_json_root(char *text, uint32_t n);

/* A walk over an object's members or an array's elements. */
typedef struct fw_json_walk {
  char *at;
  char *end;
  int object;
} fw_json_walk;

/* Begins a walk; value must be an array or an object. */
fw_json_walk fw_json_enter(const fw_json_value *value);
/* The next one; 0 at the end. name (may be NULL) is the member's name, unescaped only where it has no escapes. */
int fw_json_next(fw_json_walk *walk, fw_json_value *name, fw_json_value *value);

/* Removes a string's escapes in place; call once. Lone surrogates become U+FFFD. */
void fw_json_unescape(fw_json_value *string);

#endif
