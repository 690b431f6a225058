#include "common/h2/grpc_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace nonet::h2 {
namespace {

// A flag and the size, before each message.
constexpr size_t kPrefixBytes = 5;
// What has been told of a call is dropped at the latest when it is so much.
constexpr int kToldKept = 256;
// For a message that is announced; the rest as it comes.
constexpr size_t kReservedBytesMax = 64 * 1024;
constexpr char kContentType[] = "application/grpc";

// gRPC's status codes, those that the protocol itself gives.
constexpr int kCancelled = 1, kUnknown = 2, kResourceExhausted = 8, kUnimplemented = 12, kInternal = 13,
              kUnavailable = 14;

int CodeOfReset(uint32_t error) {
  switch (error) {
    case NGHTTP2_CANCEL:
      return kCancelled;
    case NGHTTP2_REFUSED_STREAM:
      return kUnavailable;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return kResourceExhausted;
    default:
      return kInternal;
  }
}

// As grpc-message has it: what is no printable ASCII, and '%', is escaped.
std::string PercentEncoded(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded += c;
    } else {
      absl::StrAppend(&encoded, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  return encoded;
}

bool IsHex(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

std::string PercentDecoded(absl::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    if (text.size() >= 3 && text[0] == '%' && IsHex(text[1]) && IsHex(text[2])) {
      decoded += absl::HexStringToBytes(text.substr(1, 2));
      text.remove_prefix(3);
    } else {
      decoded += text[0];
      text.remove_prefix(1);
    }
  }
  return decoded;
}

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  return {const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(name.data())),
          const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

uint32_t BigEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

absl::string_view Text(const uint8_t* bytes, size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace

struct GrpcSession::Impl {
  struct Event {
    enum class Kind { kCall, kMessage, kLastMessage, kEnd };
    Kind kind;
    std::string bytes = {};  // The path, or the message.
    CallEnd end = {};
  };
  struct CallState {
    explicit CallState(CallId i) : id(i) {}
    const CallId id;
    std::string path;
    // What comes in: the message that is being put together, what waits for its owner, and how many bytes of
    // flow control it is worth.
    std::array<char, kPrefixBytes> prefix;
    size_t prefix_size = 0;
    size_t message_size = 0;
    std::string message;
    std::vector<Event> inbox;
    size_t told = 0;  // Of the inbox.
    size_t unread_bytes = 0;
    bool paused = false;
    // What the other end says of its end.
    std::optional<int> status;
    std::string status_message;
    std::string status_details;
    int http_status = 200;
    // What goes out.
    std::array<char, kPrefixBytes> out_prefix;
    std::string out;
    size_t out_sent = 0;  // Of both.
    bool writing = false;
    bool waiting = false;   // nghttp2 has been told that there is nothing.
    bool answered = false;  // Servers: the response has begun.
    std::optional<CallEnd> finish;

    bool ended = false;   // Its end is in the inbox, or was.
    bool silent = false;  // Nothing of it is told any more.
    bool closed = false;  // nghttp2 knows it no longer.
  };

  Impl(Side s, Events e) : server(s == Side::kServer), events(std::move(e)) {}

  // One after the other: there are few, and nearly always one.
  CallState* Find(CallId id) {
    for (const auto& call : calls) {
      if (call->id == id) return call.get();
    }
    return nullptr;
  }
  void Add(CallId id) { calls.push_back(std::make_unique<CallState>(id)); }
  void Forget(CallId id) {
    std::erase_if(calls, [id](const auto& call) { return call->id == id; });
  }

  void Tell(CallId id, CallState& call, Event event) {
    if (call.silent || call.ended) return;
    call.ended = event.kind == Event::Kind::kEnd;
    call.inbox.push_back(std::move(event));
    touched.push_back(id);
  }

  // Breaks a call off that the other end got wrong, or that is too large.
  void Fail(CallId id, CallState& call, int code, std::string message) {
    Tell(id, call, {Event::Kind::kEnd, {}, {code, std::move(message), {}}});
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
  }

  // What happened to `id` since, to its owner; and what has been told to the end is forgotten.
  void Deliver(CallId id) {
    while (true) {
      CallState* call = Find(id);
      if (call == nullptr) return;
      if (call->silent || call->told == call->inbox.size()) {
        call->inbox.clear();
        call->told = 0;
        if (call->closed) Forget(id);
        return;
      }
      if (call->paused) return;
      if (call->told == kToldKept) {  // One that is read slowly may never be read to its end.
        call->inbox.erase(call->inbox.begin(), call->inbox.begin() + kToldKept);
        call->told = 0;
      }
      Event event = std::move(call->inbox[call->told++]);
      switch (event.kind) {
        case Event::Kind::kCall:
          events.on_call(id, event.bytes);
          break;
        case Event::Kind::kMessage:
          events.on_message(id, std::move(event.bytes));
          break;
        case Event::Kind::kLastMessage:
          if (events.on_last_message) events.on_last_message(id);
          break;
        case Event::Kind::kEnd:
          call->silent = true;
          events.on_end(id, std::move(event.end));
          break;
      }
    }
  }
  void DeliverAll() {
    for (size_t i = 0; i < touched.size(); ++i) Deliver(touched[i]);
    touched.clear();
  }
  // What ended without anybody to tell. May run within DeliverAll.
  void ForgetSilent() {
    for (const CallId id : touched) {
      const CallState* call = Find(id);
      if (call != nullptr && call->silent && call->closed) Forget(id);
    }
  }

  // ---- nghttp2's callbacks; none calls an event ----

  void OnChunk(CallId id, absl::string_view bytes) {
    CallState* call = Find(id);
    if (call == nullptr || call->silent || call->ended) {
      nghttp2_session_consume(session, id, bytes.size());
      return;
    }
    if (call->paused) {
      call->unread_bytes += bytes.size();
    } else {
      nghttp2_session_consume(session, id, bytes.size());
    }
    while (!bytes.empty() && !call->ended) TakeSome(id, *call, &bytes);
  }

  void TakeSome(CallId id, CallState& call, absl::string_view* bytes) {
    if (call.prefix_size < kPrefixBytes) {
      const size_t n = bytes->copy(call.prefix.data() + call.prefix_size, kPrefixBytes - call.prefix_size);
      bytes->remove_prefix(n);
      call.prefix_size += n;
      if (call.prefix_size < kPrefixBytes) return;
      call.message_size = BigEndian(call.prefix.data() + 1);
      if (call.prefix[0] != 0) return Fail(id, call, kUnimplemented, "the message is compressed");
      if (call.message_size > kMessageBytesMax) {
        return Fail(id, call, kResourceExhausted,
                    absl::StrCat("the message has ", call.message_size, " bytes; ", kMessageBytesMax,
                                 " are allowed"));
      }
      call.message.reserve(std::min(call.message_size, kReservedBytesMax));
    }
    const size_t n = std::min(bytes->size(), call.message_size - call.message.size());
    call.message.append(bytes->data(), n);
    bytes->remove_prefix(n);
    if (call.message.size() < call.message_size) return;
    call.prefix_size = 0;
    Tell(id, call, {Event::Kind::kMessage, std::exchange(call.message, {}), {}});
  }

  void OnHeader(CallId id, absl::string_view name, absl::string_view value) {
    CallState* call = Find(id);
    if (call == nullptr) return;
    if (name == ":path") {
      call->path = std::string(value);
    } else if (name == ":status") {
      if (!absl::SimpleAtoi(value, &call->http_status)) call->http_status = 0;
    } else if (name == "grpc-status") {
      int code = kUnknown;
      (void)absl::SimpleAtoi(value, &code);
      call->status = code;
    } else if (name == "grpc-message") {
      call->status_message = PercentDecoded(value);
    } else if (name == "grpc-status-details-bin") {
      if (!absl::Base64Unescape(value, &call->status_details)) call->status_details.clear();
    }
  }

  void OnFrame(const nghttp2_frame& frame) {
    const CallId id = frame.hd.stream_id;
    if (frame.hd.type == NGHTTP2_SETTINGS && (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) greeted = true;
    if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
    CallState* call = Find(id);
    if (call == nullptr) return;
    if (server && frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
      Tell(id, *call, {Event::Kind::kCall, call->path, {}});
    }
    if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
    if (server) return Tell(id, *call, {Event::Kind::kLastMessage, {}, {}});
    Tell(id, *call, {Event::Kind::kEnd, {}, EndOf(*call)});
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);  // We have nothing to add.
  }

  static CallEnd EndOf(CallState& call) {
    if (call.status.has_value()) {
      return {*call.status, std::move(call.status_message), std::move(call.status_details)};
    }
    if (call.http_status != 200) return {kUnknown, absl::StrCat("HTTP status ", call.http_status), {}};
    return {kInternal, "the call ended without a status", {}};
  }

  void OnClose(CallId id, uint32_t error) {
    CallState* call = Find(id);
    if (call == nullptr) return;
    Tell(id, *call,
         {Event::Kind::kEnd,
          {},
          {CodeOfReset(error), absl::StrCat("the stream was ended: ", nghttp2_http2_strerror(error)), {}}});
    call->closed = true;
    touched.push_back(id);
  }

  // What of `call` goes into the next frame.
  ssize_t Read(CallId id, uint8_t* buffer, size_t room, uint32_t* flags) {
    CallState* call = Find(id);
    NONET_CHECK(call != nullptr);
    if (!call->writing) {
      if (!call->finish.has_value()) {
        call->waiting = true;
        return NGHTTP2_ERR_DEFERRED;
      }
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      SubmitEnd(id, *call->finish, /*alone=*/false);
      return 0;
    }
    auto* to = reinterpret_cast<char*>(buffer);
    size_t n = 0;
    if (call->out_sent < kPrefixBytes) {
      const absl::string_view prefix(call->out_prefix.data(), kPrefixBytes);
      n = prefix.copy(to, room, call->out_sent);
    }
    if (call->out_sent + n >= kPrefixBytes) {
      n += call->out.copy(to + n, room - n, call->out_sent + n - kPrefixBytes);
    }
    call->out_sent += n;
    if (call->out_sent == kPrefixBytes + call->out.size()) {
      call->writing = false;
      call->out.clear();
    }
    return static_cast<ssize_t>(n);
  }

  // The end's HEADERS: behind the messages, or `alone` where none was written.
  void SubmitEnd(CallId id, const CallEnd& end, bool alone) {
    const std::string code = absl::StrCat(end.code), message = PercentEncoded(end.message),
                      details = absl::Base64Escape(end.details);
    std::vector<nghttp2_nv> headers;
    if (alone) headers = {Header(":status", "200"), Header("content-type", kContentType)};
    headers.push_back(Header("grpc-status", code));
    if (!message.empty()) headers.push_back(Header("grpc-message", message));
    if (!details.empty()) headers.push_back(Header("grpc-status-details-bin", details));
    if (alone) {
      nghttp2_submit_response(session, id, headers.data(), headers.size(), nullptr);
    } else {
      nghttp2_submit_trailer(session, id, headers.data(), headers.size());
    }
  }

  // Servers send no more of a call than its end; the other end need not say that it has no more either.
  void OnSent(const nghttp2_frame& frame) {
    if (!server || frame.hd.type != NGHTTP2_HEADERS || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
      return;
    if (nghttp2_session_get_stream_remote_close(session, frame.hd.stream_id) != 0) return;
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
  }

  nghttp2_data_provider Provider() {
    nghttp2_data_provider provider;
    provider.source.ptr = this;
    provider.read_callback = [](nghttp2_session*, int32_t id, uint8_t* buffer, size_t room, uint32_t* flags,
                                nghttp2_data_source* source, void*) {
      return static_cast<Impl*>(source->ptr)->Read(id, buffer, room, flags);
    };
    return provider;
  }

  // There is something to read again.
  void Resume(CallId id, CallState& call) {
    if (std::exchange(call.waiting, false)) nghttp2_session_resume_data(session, id);
  }

  const bool server;
  const Events events;
  nghttp2_session* session = nullptr;
  std::vector<std::unique_ptr<CallState>> calls;
  std::vector<CallId> touched;  // Something is in the inbox, or it closed.
  bool greeted = false;
};

GrpcSession::GrpcSession(Side side, Events events) : impl_(std::make_unique<Impl>(side, std::move(events))) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  NONET_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0);
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        auto* impl = static_cast<Impl*>(user);
        if (impl->server && frame->headers.cat == NGHTTP2_HCAT_REQUEST) impl->Add(frame->hd.stream_id);
        return 0;
      });
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                    const uint8_t* value, size_t value_size, uint8_t, void* user) {
        static_cast<Impl*>(user)->OnHeader(frame->hd.stream_id, Text(name, name_size),
                                           Text(value, value_size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        static_cast<Impl*>(user)->OnFrame(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, [](nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size, void* user) {
        static_cast<Impl*>(user)->OnChunk(id, Text(bytes, size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, int32_t id, uint32_t error, void* user) {
        static_cast<Impl*>(user)->OnClose(id, error);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_send_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        static_cast<Impl*>(user)->OnSent(*frame);
        return 0;
      });
  nghttp2_option_set_no_auto_window_update(option, 1);  // Room is given where messages are taken.
  nghttp2_option_set_no_closed_streams(option, 1);
  std::vector<nghttp2_settings_entry> settings = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(kCallWindowBytes)}};
  if (impl_->server) {
    NONET_CHECK(nghttp2_session_server_new2(&impl_->session, callbacks, impl_.get(), option) == 0);
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kCallsMax});
  } else {
    NONET_CHECK(nghttp2_session_client_new2(&impl_->session, callbacks, impl_.get(), option) == 0);
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_submit_settings(impl_->session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(impl_->session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(kCallsMax) * kCallWindowBytes);
}

GrpcSession::~GrpcSession() { nghttp2_session_del(impl_->session); }

CallId GrpcSession::Call(const std::string& path, const std::string& authority, const std::string& scheme) {
  const std::array<nghttp2_nv, 7> headers = {
      Header(":method", "POST"),       Header(":scheme", scheme), Header(":path", path),
      Header(":authority", authority), Header("te", "trailers"),  Header("content-type", kContentType),
      Header("user-agent", "nonet")};
  const nghttp2_data_provider provider = impl_->Provider();
  const CallId id =
      nghttp2_submit_request(impl_->session, nullptr, headers.data(), headers.size(), &provider, nullptr);
  NONET_CHECK(id > 0);  // There are 2^30 of a connection.
  impl_->Add(id);
  return id;
}

bool GrpcSession::Written(CallId id) const {
  const Impl::CallState* call = impl_->Find(id);
  return call == nullptr || !call->writing;
}

void GrpcSession::Write(CallId id, std::string message) {
  Impl::CallState* call = impl_->Find(id);
  if (call == nullptr || call->closed || call->finish.has_value()) return;
  NONET_CHECK(!call->writing && message.size() <= kMessageBytesMax);
  const auto size = static_cast<uint32_t>(message.size());
  call->out_prefix = {0, static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                      static_cast<char>(size >> 8), static_cast<char>(size)};
  call->out = std::move(message);
  call->out_sent = 0;
  call->writing = true;
  if (impl_->server && !std::exchange(call->answered, true)) {
    const std::array<nghttp2_nv, 2> headers = {Header(":status", "200"),
                                               Header("content-type", kContentType)};
    const nghttp2_data_provider provider = impl_->Provider();
    nghttp2_submit_response(impl_->session, id, headers.data(), headers.size(), &provider);
  }
  impl_->Resume(id, *call);
}

void GrpcSession::SetReading(CallId id, bool reading) {
  Impl::CallState* call = impl_->Find(id);
  if (call == nullptr) return;
  call->paused = !reading;
  if (!reading) return;
  if (!call->closed) nghttp2_session_consume(impl_->session, id, std::exchange(call->unread_bytes, 0));
  impl_->Deliver(id);
}

void GrpcSession::Finish(CallId id, CallEnd end) {
  Impl::CallState* call = impl_->Find(id);
  if (call == nullptr || call->finish.has_value()) return;
  call->silent = true;
  if (call->closed) return;
  if (!call->answered) {
    impl_->SubmitEnd(id, end, /*alone=*/true);
    return;
  }
  call->finish = std::move(end);
  impl_->Resume(id, *call);
}

void GrpcSession::Cancel(CallId id) {
  Impl::CallState* call = impl_->Find(id);
  if (call == nullptr) return;
  call->silent = true;
  impl_->touched.push_back(id);
  if (call->closed) return;
  nghttp2_submit_rst_stream(impl_->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
}

absl::Status GrpcSession::Receive(absl::string_view wire) {
  const ssize_t n =
      nghttp2_session_mem_recv(impl_->session, reinterpret_cast<const uint8_t*>(wire.data()), wire.size());
  impl_->DeliverAll();
  if (n < 0)
    return absl::InvalidArgumentError(absl::StrCat("no HTTP/2: ", nghttp2_strerror(static_cast<int>(n))));
  return absl::OkStatus();
}

void GrpcSession::TakeOutput(std::string* out) {
  const uint8_t* bytes = nullptr;
  for (ssize_t n; (n = nghttp2_session_mem_send(impl_->session, &bytes)) > 0;) {
    out->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
  }
  impl_->ForgetSilent();
}

bool GrpcSession::over() const {
  return nghttp2_session_want_read(impl_->session) == 0 && nghttp2_session_want_write(impl_->session) == 0;
}

bool GrpcSession::greeted() const { return impl_->greeted; }

size_t GrpcSession::calls() const { return impl_->calls.size(); }

}  // namespace nonet::h2
