/*
 * The ESP32 core's web server without a network: a line on Serial is a request, PATH or PATH?name=value&name=value, and
 * the answer is printed as it is sent: [code type], then the pieces, each between ‹ and ›.
 */
#pragma once
#include <Arduino.h>

#include <functional>
#include <map>
#include <string>

#define CONTENT_LENGTH_UNKNOWN ((size_t)-1)

class WebServer {
 public:
  typedef std::function<void(void)> THandlerFunction;
  WebServer(int port = 80) { (void)port; }
  void on(const char *uri, THandlerFunction handler) { handlers_[uri] = handler; }
  void begin() {}
  void handleClient() {
    std::string line;
    if (!Serial.available()) return;
    for (int c; (c = Serial.read()) >= 0 && c != '\n';) line += (char)c;
    const size_t query = line.find('?');
    args_.clear();
    for (size_t at = query; at != std::string::npos; at = line.find('&', at + 1)) {
      const size_t equals = line.find('=', at), end = line.find('&', at + 1);
      args_[line.substr(at + 1, equals - at - 1)] =
          line.substr(equals + 1, end == std::string::npos ? end : end - equals - 1);
    }
    handlers_[line.substr(0, query)]();
  }
  bool hasArg(const char *name) { return args_.count(name) != 0; }
  String arg(const char *name) { return String(args_[name].c_str()); }
  void send(int code, const char *type, const char *text) {
    Serial.print("[");
    Serial.print(code);
    Serial.print(" ");
    Serial.print(type);
    Serial.print("]");
    Serial.print(text);
  }
  void setContentLength(size_t n) { (void)n; }
  void sendContent(const char *text, size_t n) {
    Serial.print("\xE2\x80\xB9");
    Serial.write((const uint8_t *)text, n);
    Serial.print("\xE2\x80\xBA");
  }

 private:
  std::map<std::string, THandlerFunction> handlers_;
  std::map<std::string, std::string> args_;
};
