#include "common/tls/session.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/tls/pem.h"

namespace nonet::tls {
namespace {

// RFC 7301: a length and a name.
constexpr char kHttp11[] = "\x08http/1.1";
constexpr char kHttp2[] = "\x02h2";
// A TLS record holds at most this much.
constexpr size_t kRecordBytes = 16 * 1024;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                   unsigned offered_size, void* ours_in) {
  const absl::string_view ours = static_cast<const char*>(ours_in);
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, Bytes(ours),
                                          static_cast<unsigned>(ours.size()), offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Owned<SSL_CTX> NewContext(const SSL_METHOD* method) {
  Owned<SSL_CTX> context(SSL_CTX_new(method));
  NONET_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Idle connections hold no buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

}  // namespace

struct NativeContext final : Context {
  Owned<SSL_CTX> ctx;
};

namespace {

// What a context shows. INVALID_ARGUMENT naming what is wrong with the pair.
absl::Status Show(const KeyPair& pair, SSL_CTX* context) {
  ASSIGN_OR_RETURN(const Owned<X509> certificate, CertificateFromPem(pair.certificate_pem));
  ASSIGN_OR_RETURN(const Owned<EVP_PKEY> key, KeyFromPem(pair.key_pem));
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return MakeError(absl::StatusCode::kInvalidArgument, "KEY_MISMATCH",
                     absl::StrCat("the key is not that of the certificate: ", LastError()));
  }
  return absl::OkStatus();
}

// Whom a context trusts: every certificate of the text, and at least one.
absl::Status Trust(absl::string_view authorities_pem, SSL_CTX* context) {
  const Owned<BIO> source(BIO_new_mem_buf(authorities_pem.data(), static_cast<int>(authorities_pem.size())));
  int count = 0;
  while (const Owned<X509> authority{PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
    ++count;
  }
  ERR_clear_error();  // That there is no further one.
  return count > 0 ? absl::OkStatus() : CertificateFromPem(authorities_pem).status();
}

void Speak(const char* protocol, bool server, SSL_CTX* context) {
  if (server) {
    SSL_CTX_set_alpn_select_cb(context, SelectProtocol, const_cast<char*>(protocol));
  } else {
    const absl::string_view text = protocol;
    SSL_CTX_set_alpn_protos(context, Bytes(text), static_cast<unsigned>(text.size()));
  }
}

absl::StatusOr<std::shared_ptr<const Context>> PeerContext(bool server, const KeyPair& pair,
                                                           absl::string_view authorities_pem) {
  auto context = std::make_shared<NativeContext>();
  context->ctx = NewContext(server ? TLS_server_method() : TLS_client_method());
  RETURN_IF_ERROR(Show(pair, context->ctx.get()));
  RETURN_IF_ERROR(Trust(authorities_pem, context->ctx.get()));
  SSL_CTX_set_verify(context->ctx.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  Speak(kHttp2, server, context->ctx.get());
  return context;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Context>> Context::Server(const KeyPair& pair) {
  auto context = std::make_shared<NativeContext>();
  context->ctx = NewContext(TLS_server_method());
  RETURN_IF_ERROR(Show(pair, context->ctx.get()));
  Speak(kHttp11, /*server=*/true, context->ctx.get());
  return context;
}

absl::StatusOr<std::shared_ptr<const Context>> Context::Client(absl::string_view authority_pem) {
  auto context = std::make_shared<NativeContext>();
  context->ctx = NewContext(TLS_client_method());
  RETURN_IF_ERROR(Trust(authority_pem, context->ctx.get()));
  SSL_CTX_set_verify(context->ctx.get(), SSL_VERIFY_PEER, nullptr);
  Speak(kHttp11, /*server=*/false, context->ctx.get());
  return context;
}

absl::StatusOr<std::shared_ptr<const Context>> Context::PeerServer(const KeyPair& pair,
                                                                   absl::string_view authorities_pem) {
  return PeerContext(/*server=*/true, pair, authorities_pem);
}

absl::StatusOr<std::shared_ptr<const Context>> Context::PeerClient(const KeyPair& pair,
                                                                   absl::string_view authorities_pem) {
  return PeerContext(/*server=*/false, pair, authorities_pem);
}

struct Session::Native {
  explicit Native(const Context& context)
      : ssl(SSL_new(static_cast<const NativeContext&>(context).ctx.get())),
        in(BIO_new(BIO_s_mem())),
        out(BIO_new(BIO_s_mem())) {
    NONET_CHECK(ssl != nullptr && in != nullptr && out != nullptr);
    BIO_set_mem_eof_return(in, -1);  // Empty means later, not never.
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(ssl.get(), in, out);  // Which owns them.
  }
  Owned<SSL> ssl;
  BIO* in;
  BIO* out;
};

Session::Session(std::shared_ptr<const Context> context)
    : context_(std::move(context)), native_(std::make_unique<Native>(*context_)) {
  SSL_set_accept_state(native_->ssl.get());
}

Session::Session(std::shared_ptr<const Context> context, const std::string& server_name)
    : context_(std::move(context)), native_(std::make_unique<Native>(*context_)) {
  SSL_set_connect_state(native_->ssl.get());
  if (!server_name.empty()) {
    SSL_set_tlsext_host_name(native_->ssl.get(), server_name.c_str());
    SSL_set1_host(native_->ssl.get(), server_name.c_str());
  }
  Greet();
}

Session::~Session() = default;

void Session::Fail(std::string why) {
  state_ = State::kFailed;
  error_ = std::move(why);
  ERR_clear_error();
}

void Session::Greet() {
  ERR_clear_error();
  const int done = SSL_do_handshake(native_->ssl.get());
  if (done == 1) {
    state_ = State::kOpen;
    return;
  }
  const int error = SSL_get_error(native_->ssl.get(), done);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  Fail(LastError());
}

Session::State Session::Receive(absl::string_view wire, std::string* plain) {
  if (state_ == State::kFailed || state_ == State::kEnded) return state_;
  size_t taken = 0;
  if (!wire.empty() &&
      (BIO_write_ex(native_->in, wire.data(), wire.size(), &taken) != 1 || taken != wire.size())) {
    Fail("out of memory");
    return state_;
  }
  if (state_ == State::kHandshake) Greet();
  if (state_ == State::kOpen) Drain(plain);
  if (BIO_ctrl_pending(native_->out) > kUnaskedOutputBytesMax && state_ == State::kOpen) {
    Fail("too many requests of the protocol itself");
  }
  return state_;
}

void Session::Drain(std::string* plain) {
  std::array<char, kRecordBytes> buffer;
  while (true) {
    ERR_clear_error();
    size_t n = 0;
    const int done = SSL_read_ex(native_->ssl.get(), buffer.data(), buffer.size(), &n);
    if (done == 1) {
      plain->append(buffer.data(), n);
      continue;
    }
    const int error = SSL_get_error(native_->ssl.get(), done);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
    if (error == SSL_ERROR_ZERO_RETURN) {
      state_ = State::kEnded;
      return;
    }
    return Fail(LastError());
  }
}

void Session::Send(absl::string_view plain) {
  if (state_ != State::kOpen && state_ != State::kEnded) return;
  while (!plain.empty()) {
    ERR_clear_error();
    size_t n = 0;
    const int done = SSL_write_ex(native_->ssl.get(), plain.data(), plain.size(), &n);
    if (done != 1) return Fail(LastError());  // Memory takes everything, so it cannot be the other end.
    plain.remove_prefix(n);
  }
}

void Session::End() {
  if (state_ != State::kOpen && state_ != State::kEnded) return;
  ERR_clear_error();
  SSL_shutdown(native_->ssl.get());
  ERR_clear_error();
}

std::string Session::TakeOutput() {
  std::string bytes(BIO_ctrl_pending(native_->out), '\0');
  size_t n = 0;
  if (!bytes.empty() && BIO_read_ex(native_->out, bytes.data(), bytes.size(), &n) != 1) n = 0;
  bytes.resize(n);
  return bytes;
}

std::string Session::version() const { return SSL_get_version(native_->ssl.get()); }

std::string Session::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(native_->ssl.get(), &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

std::string Session::peer_certificate_pem() const {
  const Owned<X509> certificate(SSL_get1_peer_certificate(native_->ssl.get()));
  if (certificate == nullptr) return {};
  return CertificateToPem(*certificate).value_or("");
}

}  // namespace nonet::tls
