// A web page that tells stories: open http://ADDRESS/ (the address is printed on the Serial Monitor, 115200 baud), or
// http://ADDRESS/story?prompt=Once+there+was+a+little+dog&seed=7 for the text alone. ESP32 only: its own web server.
#include <TinyLM.h>
#include <WebServer.h>
#include <WiFi.h>
#include <models/stories.h>

const char *NETWORK = "your network";
const char *PASSWORD = "your password";

const char PAGE[] =
    "<!DOCTYPE html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Stories</title>"
    "<form onsubmit='tell();return false'><input id=p value='Once there was a little' size=40> <button>Tell</button>"
    "</form><p id=t style='white-space:pre-wrap'></p><script>async function tell(){"
    "t.textContent=p.value;const r=(await fetch('/story?prompt='+encodeURIComponent(p.value))).body.getReader(),"
    "d=new TextDecoder();for(let x;!(x=await r.read()).done;)t.textContent+=d.decode(x.value,{stream:true})}</script>";

TinyLMFixed<TINYLM_MODEL_MEMORY> lm;
WebServer server(80);

void handleStory() {
  if (server.hasArg("seed")) lm.setSeed((uint32_t)server.arg("seed").toInt());
  else lm.setRandomSeed();
  if (!lm.prompt(server.arg("prompt"))) {
    server.send(500, "text/plain", lm.errorText());
    return;
  }
  server.setContentLength(CONTENT_LENGTH_UNKNOWN);  // the text is sent as it is made
  server.send(200, "text/plain; charset=utf-8", "");
  while (lm.running()) {
    char piece[TLM_TEXT_MAX];
    size_t n = 0;
    for (int left = lm.available(); left > 0; left--) piece[n++] = (char)lm.read();
    if (n) server.sendContent(piece, n);
    yield();
  }
  server.sendContent("", 0);  // the end
}

void setup() {
  Serial.begin(115200);
  if (!lm.begin(tinylm_model)) Serial.println(lm.errorText());
  WiFi.begin(NETWORK, PASSWORD);
  while (WiFi.status() != WL_CONNECTED) {
    delay(500);
    Serial.print(".");
  }
  Serial.print("\nhttp://");
  Serial.println(WiFi.localIP());
  server.on("/", []() { server.send(200, "text/html; charset=utf-8", PAGE); });
  server.on("/story", handleStory);
  server.begin();
}

void loop() { server.handleClient(); }
