// A model in a flash partition of its own, not in the sketch: it can be exchanged without compiling, and may be larger
// than RAM. ESP32 only (Arduino core 3.x).
//
// partitions.csv beside this sketch has the partition "model" (1 MB at 0x290000); the core takes that file when it is
// in the sketch's folder. Tools > Partition Scheme only tells the IDE how large a sketch may be: choose "Huge APP".
// Write a model into it:   tinylm flash model.tlm --port /dev/ttyUSB0        (or COM3)
//                     or:   esptool.py --port /dev/ttyUSB0 write_flash 0x290000 model.tlm
#include <TinyLM.h>
#include <esp_partition.h>

TinyLMHeap lm;  // how much memory the model needs is known at run time only

void setup() {
  Serial.begin(115200);
  delay(1000);
  const esp_partition_t *part =
      esp_partition_find_first((esp_partition_type_t)0x40, ESP_PARTITION_SUBTYPE_ANY, "model");
  if (!part) {
    Serial.println("No partition \"model\": is partitions.csv in the sketch's folder?");
    return;
  }
  const void *blob;
  esp_partition_mmap_handle_t handle;  // mapped as long as the sketch runs
  if (esp_partition_mmap(part, 0, part->size, ESP_PARTITION_MMAP_DATA, &blob, &handle) != ESP_OK) {
    Serial.println("The partition cannot be mapped.");
    return;
  }
  if (!lm.begin(blob, part->size)) {
    Serial.print("No model in the partition: ");
    Serial.println(lm.errorText());
    return;
  }
  lm.prompt("Once there was a little");
  Serial.print("Once there was a little");
}

void loop() {
  if (lm.available()) Serial.write((uint8_t)lm.read());
}
