#include "common/http/client.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/http/parser.h"

namespace nonet::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kReadBytes = 4 * 1024;
constexpr int kInterimResponsesMax = 16;

// "Connection refused" -> "connection refused": it ends a sentence.
std::string Words(const error_code& error) {
  std::string text = error.message();
  if (!text.empty()) text[0] = absl::ascii_tolower(static_cast<unsigned char>(text[0]));
  return text;
}

// One request on its way. Its pending operations and the user's Call hold it.
class Exchange final : public std::enable_shared_from_this<Exchange> {
 public:
  using Callback = absl::AnyInvocable<void(absl::StatusOr<GetResult>)>;

  Exchange(EventLoop& loop, GetOptions options, Callback callback)
      : loop_(loop),
        options_(std::move(options)),
        callback_(std::move(callback)),
        socket_(loop.executor()),
        started_ns_(loop.clock().SteadyNs()),
        parser_(std::make_unique<ResponseHeadParser>(options_.response_bytes_max)) {}

  void Start() {
    timer_ = loop_.RunAfter(options_.timeout_ns, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->OnTimeout();
    });
    if (const absl::Status ready = Open(); !ready.ok()) {
      loop_.Post([self = shared_from_this(), ready] { self->Finish(ready); });
      return;
    }
    socket_.async_connect(peer_, [self = shared_from_this()](const error_code& error) {
      if (self->over()) return;
      if (error) return self->Unavailable(Words(error));
      self->Connected();
    });
  }

  void Cancel() {
    callback_ = nullptr;
    Close();
  }

 private:
  bool over() const { return callback_ == nullptr; }

  absl::Status Open() {
    error_code error;
    const asio::ip::address address = asio::ip::make_address(options_.address, error);
    if (error) return absl::InvalidArgumentError(absl::StrCat("'", options_.address, "' is no IP address"));
    peer_ = tcp::endpoint(address, options_.port);
    socket_.open(peer_.protocol(), error);
    if (error) return absl::UnavailableError(Words(error));
    socket_.set_option(tcp::no_delay(true), error);
    if (options_.bind_address.empty()) return absl::OkStatus();
    const asio::ip::address source = asio::ip::make_address(options_.bind_address, error);
    if (error) {
      return absl::InvalidArgumentError(absl::StrCat("'", options_.bind_address, "' is no IP address"));
    }
    socket_.bind(tcp::endpoint(source, 0), error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot send from ", options_.bind_address, ": ", Words(error)));
    }
    return absl::OkStatus();
  }

  void Connected() {
    switch (options_.scheme) {
      case Scheme::kHttp:
        return Send();
      case Scheme::kHttps:
        return Handshake();
      case Scheme::kTcp:
        return Finish(GetResult{.elapsed_ns = loop_.clock().SteadyNs() - started_ns_});
    }
  }

  void Handshake() {
    tls_context_.emplace(asio::ssl::context::tls_client);
    tls_context_->set_verify_mode(asio::ssl::verify_none);
    tls_.emplace(socket_, *tls_context_);
    SSL_set_tlsext_host_name(tls_->native_handle(), options_.host.c_str());
    tls_->async_handshake(asio::ssl::stream_base::client,
                          [self = shared_from_this()](const error_code& error) {
                            if (self->over()) return;
                            if (error) return self->Unavailable("TLS: " + Words(error));
                            self->Send();
                          });
  }

  // `use(stream)`: TLS when there is one.
  template <typename Use>
  void WithStream(Use use) {
    if (tls_.has_value()) {
      use(*tls_);
    } else {
      use(socket_);
    }
  }

  void Send() {
    out_ = absl::StrCat("GET ", options_.path, " HTTP/1.1\r\nhost: ", options_.host,
                        "\r\nconnection: close\r\n");
    for (const auto& [name, value] : options_.headers) absl::StrAppend(&out_, name, ": ", value, "\r\n");
    absl::StrAppend(&out_, "\r\n");
    WithStream([this](auto& stream) {
      asio::async_write(stream, asio::buffer(out_),
                        [self = shared_from_this()](const error_code& error, size_t) {
                          if (self->over()) return;
                          if (error) return self->Unavailable(Words(error));
                          self->Read();
                        });
    });
  }

  void Read() {
    WithStream([this](auto& stream) {
      stream.async_read_some(asio::buffer(buffer_),
                             [self = shared_from_this()](const error_code& error, size_t n) {
                               if (self->over()) return;
                               if (error == asio::error::eof)
                                 return self->Unavailable("connection closed before a response");
                               if (error) return self->Unavailable(Words(error));
                               self->in_.append(self->buffer_.data(), n);
                               self->Parse();
                             });
    });
  }

  void Parse() {
    in_.erase(0, parser_->Put(in_));
    if (parser_->failed()) return Unavailable(absl::StrCat("malformed response: ", parser_->error()));
    if (!parser_->done()) return Read();
    const int status = parser_->status();
    if (status >= 200 || status == 101) {
      return Finish(GetResult{.status = status, .elapsed_ns = loop_.clock().SteadyNs() - started_ns_});
    }
    // RFC 9110 section 15.2: interim responses may come first.
    if (++interim_responses_ > kInterimResponsesMax) return Unavailable("too many interim responses");
    parser_ = std::make_unique<ResponseHeadParser>(options_.response_bytes_max);
    if (in_.empty()) return Read();
    Parse();
  }

  void OnTimeout() {
    timer_ = 0;
    if (over()) return;
    const double seconds = static_cast<double>(options_.timeout_ns) / kNanosPerSecond;
    Finish(MakeError(absl::StatusCode::kDeadlineExceeded, "TIMEOUT",
                     absl::StrCat("timed out after ", seconds, " s")));
  }

  void Unavailable(absl::string_view why) { Finish(absl::UnavailableError(why)); }

  void Finish(absl::StatusOr<GetResult> result) {
    if (over()) return;
    Close();
    Callback callback = std::exchange(callback_, nullptr);  // It may destroy the Call.
    callback(std::move(result));
  }

  void Close() {
    if (timer_ != 0) loop_.Cancel(std::exchange(timer_, 0));
    error_code ignored;
    socket_.close(ignored);
  }

  EventLoop& loop_;
  const GetOptions options_;
  Callback callback_;  // nullptr once it is over.
  tcp::socket socket_;
  std::optional<asio::ssl::context> tls_context_;       // kHttps only.
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;  // Over socket_.
  tcp::endpoint peer_;
  const int64_t started_ns_;
  EventLoop::TimerId timer_ = 0;
  std::string out_;
  std::string in_;
  std::array<char, kReadBytes> buffer_;
  std::unique_ptr<ResponseHeadParser> parser_;
  int interim_responses_ = 0;
};

class GetCall final : public Call {
 public:
  explicit GetCall(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~GetCall() override { exchange_->Cancel(); }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

}  // namespace

std::unique_ptr<Call> Get(EventLoop& loop, GetOptions options,
                          absl::AnyInvocable<void(absl::StatusOr<GetResult>)> callback) {
  auto exchange = std::make_shared<Exchange>(loop, std::move(options), std::move(callback));
  exchange->Start();
  return std::make_unique<GetCall>(std::move(exchange));
}

}  // namespace nonet::http
