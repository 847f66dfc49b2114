// Your own model. On a computer with Node:
//
//   tinylm train my-text.txt                                  a few minutes; names the folder run/my-text
//   tinylm export run/my-text --header --out my-model         writes my-model/model.h
//
// Copy model.h over the one beside this sketch, and compile. Nothing else has to be changed: the memory that the model
// needs is in the header too. (tinylm export run/my-text --arduino FOLDER makes such a sketch folder at once.)
#include <TinyLM.h>

#include "model.h"

const char *BEGINNING = "";  // "": from nothing

TinyLMFixed<TINYLM_MODEL_MEMORY> lm;

void setup() {
  Serial.begin(115200);
  delay(1000);
  if (!lm.begin(tinylm_model)) {
    Serial.println(lm.errorText());
    return;
  }
  Serial.print(BEGINNING);
  lm.prompt(BEGINNING);
}

void loop() {
  if (lm.available()) Serial.write((uint8_t)lm.read());
}
