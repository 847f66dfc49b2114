/* Settings of generation (SPEC.md 6.5), from words and from JSON. */
#ifndef FW_SETTINGS_H
#define FW_SETTINGS_H

#include <stdint.h>

#include "fw_json.h"
#include "fw_util.h"
#include "tinylm.h"

typedef struct fw_settings {
  tlm_options sampling;
  uint32_t length;     /* tokens of a text, 1 … 65535 */
  uint8_t random_seed; /* sampling.seed is chosen anew for each conversation */
  uint8_t keep;
  uint8_t continuous; /* of one generation; no setting of the device */
  uint8_t stop_bytes;
  char stop[TLM_STOP_MAX];
} fw_settings;

fw_settings fw_settings_default(void);
/* A model has come: sampled as its file says, or as by default; the seed stays. */
void fw_settings_of_model(fw_settings *s, const tlm_model *model);

/* What a value is made of. */
typedef enum fw_value_kind { FW_VALUE_WORD, FW_VALUE_NUMBER, FW_VALUE_STRING, FW_VALUE_BOOL } fw_value_kind;

/*
 * Changes one setting; NULL, or what is wrong in words (*s is then as before). A WORD is what a person typed and may
 * stand for any kind; a BOOL has the text true or false.
 */
const char *fw_settings_change(fw_settings *s, const char *name, uint32_t name_bytes, const char *value,
                               uint32_t value_bytes, fw_value_kind kind);

/* Applies the members of a JSON object, all or none; *continuous_allowed: also that member. The text is changed. */
const char *fw_settings_from_json(fw_settings *s, char *json, uint32_t n, int continuous_allowed);

/* {"temperature":0.8,…} */
void fw_settings_put(const fw_settings *s, fw_text *t);

#endif
