#include "common/http/parser.h"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace nonet::http {
namespace {

namespace beast = boost::beast::http;
using boost::asio::buffer;

absl::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Feeds the parser until it wants more than there is. Returns the bytes taken.
template <class Parser, class Done>
size_t PutAll(Parser& parser, absl::string_view bytes, Done done, boost::system::error_code& error) {
  size_t taken = 0;
  while (!done() && taken < bytes.size()) {
    const size_t n = parser.put(buffer(bytes.data() + taken, bytes.size() - taken), error);
    taken += n;
    if (error == beast::error::need_more) error = {};
    if (error || n == 0) break;
  }
  return taken;
}

}  // namespace

struct RequestParser::Impl {
  beast::request_parser<beast::string_body> parser;
  size_t header_bytes_max = 0;
  size_t header_bytes = 0;  // Taken so far.
};

RequestParser::RequestParser(size_t header_bytes_max, size_t body_bytes_max)
    : impl_(std::make_unique<Impl>()) {
  impl_->header_bytes_max = header_bytes_max;
  // Beast applies its limit to the request line and to the headers, each; the sum is counted here.
  impl_->parser.header_limit(static_cast<uint32_t>(header_bytes_max));
  impl_->parser.body_limit(body_bytes_max);
}

RequestParser::~RequestParser() = default;

size_t RequestParser::Put(absl::string_view bytes) {
  boost::system::error_code error;
  size_t taken = 0;
  auto& parser = impl_->parser;
  if (!parser.is_header_done()) {
    parser.eager(false);  // Stops behind the headers.
    taken = PutAll(
        parser, bytes, [&] { return parser.is_header_done(); }, error);
    impl_->header_bytes += taken;
    const size_t begun = parser.is_header_done() ? 0 : bytes.size() - taken;
    if (!error && impl_->header_bytes + begun > impl_->header_bytes_max) error = beast::error::header_limit;
  }
  if (!error && parser.is_header_done()) {
    parser.eager(true);
    taken += PutAll(
        parser, bytes.substr(taken), [&] { return parser.is_done(); }, error);
  }
  if (!error) return taken;
  if (error == beast::error::header_limit) {
    error_ = {431, "the request line and headers are too long"};
  } else if (error == beast::error::body_limit) {
    error_ = {413, "the body is too long"};
  } else {
    error_ = {400, "malformed request: " + error.message()};
  }
  return taken;
}

bool RequestParser::done() const { return impl_->parser.is_done(); }

bool RequestParser::awaits_continue() const {
  return impl_->parser.is_header_done() && !done() &&
         absl::EqualsIgnoreCase(View(impl_->parser.get()[beast::field::expect]), "100-continue");
}

bool RequestParser::keep_alive() const { return impl_->parser.keep_alive(); }

bool RequestParser::http_1_1() const { return impl_->parser.get().version() == 11; }

Request RequestParser::Take() {
  const bool chunked = impl_->parser.chunked();
  auto message = impl_->parser.release();
  Request request;
  request.method = std::string(View(message.method_string()));
  request.target = std::string(View(message.target()));
  const size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  for (const auto& field : message) {
    request.headers.emplace_back(absl::AsciiStrToLower(View(field.name_string())), View(field.value()));
  }
  request.body = std::move(message.body());
  request.chunked = chunked;
  return request;
}

struct ResponseHeadParser::Impl {
  beast::response_parser<beast::string_body> parser;
};

ResponseHeadParser::ResponseHeadParser(size_t header_bytes_max) : impl_(std::make_unique<Impl>()) {
  impl_->parser.header_limit(static_cast<uint32_t>(header_bytes_max));
  impl_->parser.body_limit(boost::none);
}

ResponseHeadParser::~ResponseHeadParser() = default;

size_t ResponseHeadParser::Put(absl::string_view bytes) {
  boost::system::error_code error;
  const size_t taken = PutAll(
      impl_->parser, bytes, [this] { return done(); }, error);
  if (error) error_ = error.message();
  return taken;
}

bool ResponseHeadParser::done() const { return impl_->parser.is_header_done(); }

int ResponseHeadParser::status() const { return static_cast<int>(impl_->parser.get().result_int()); }

std::string ReasonPhrase(int status) {
  const absl::string_view phrase =
      View(beast::obsolete_reason(beast::int_to_status(static_cast<unsigned>(status))));
  return phrase.empty() || phrase[0] == '<' ? "Unknown" : std::string(phrase);
}

}  // namespace nonet::http
