// HTTP/1.1 messages out of bytes. Boost.Beast's parser is behind this header: parser.cc is the one file that
// includes it.
//
//   RequestParser parser(16 * 1024, 1024 * 1024);
//   in.erase(0, parser.Put(in));
//   if (parser.failed()) ... else if (parser.done()) Handle(parser.Take());
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/http/server.h"

namespace nonet::http {

// What to answer to a request that cannot be read.
struct ParseError {
  int status = 0;  // 400, 413 or 431; 0 is no error.
  std::string message;
};

class RequestParser {  // One request; one owner.
 public:
  RequestParser(size_t header_bytes_max, size_t body_bytes_max);
  ~RequestParser();

  // Takes bytes from the front and returns how many. What it leaves belongs to the next request, or is to be
  // given again with more behind it.
  size_t Put(absl::string_view bytes);

  const ParseError& error() const { return error_; }
  bool failed() const { return error_.status != 0; }
  bool done() const;
  // Headers are complete, the body is not, and the client waits for 100 Continue before sending it.
  bool awaits_continue() const;
  // Once done.
  bool keep_alive() const;
  bool http_1_1() const;
  Request Take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  ParseError error_;
};

class ResponseHeadParser {  // Status line and headers of one response; one owner.
 public:
  explicit ResponseHeadParser(size_t header_bytes_max);
  ~ResponseHeadParser();

  size_t Put(absl::string_view bytes);  // As above.
  bool done() const;
  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }
  int status() const;  // Once done.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string error_;
};

// "Not Found"; "Unknown" when there is none.
std::string ReasonPhrase(int status);

}  // namespace nonet::http
