// The byte stream behind http::Stream: gathered writes, reads into the shared scratch buffer.
// A StreamCore is held by the server's set, by its pending operations and by the user's Stream.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "common/http/server.h"
#include "common/http/shared.h"
#include "common/tls/session.h"

namespace nonet::http {

class StreamCore final : public Socket,
                         public std::enable_shared_from_this<StreamCore> {  // Loop thread only.
 public:
  // `early`: bytes of the peer that were read already. A socket that is not open makes a closed stream.
  // `tls`: what the socket's bytes are wrapped in; nullptr for in the clear.
  StreamCore(std::shared_ptr<Shared> shared, boost::asio::ip::tcp::socket socket,
             std::unique_ptr<tls::Session> tls, std::string early);

  // As http::Stream.
  void Start(Stream::Callbacks callbacks);
  void Write(std::shared_ptr<const std::string> bytes);
  size_t queued_bytes() const { return queued_bytes_; }
  void CloseAfterWrites();
  void AbortNow() override;
  // The user's Stream is gone: abort, and call nobody.
  void Detach();
  // Starts to send what waits, unless a send is under way.
  void Flush();

 private:
  void DeliverEarly();
  void WaitReadable();
  void OnReadable();
  bool DeliverFromWire(absl::string_view wire);
  void OnEndOfInput();
  void SendSealed();
  void OnWritten(bool failed);
  void BeginLinger();
  void Close(bool reset);
  void NotifyClosedLater();

  const std::shared_ptr<Shared> shared_;
  boost::asio::ip::tcp::socket socket_;
  const std::unique_ptr<tls::Session> tls_;
  std::string early_;
  // Shared: a callback may destroy the Stream that it was called from.
  std::shared_ptr<Stream::Callbacks> callbacks_;
  std::vector<std::shared_ptr<const std::string>> waiting_;
  std::vector<std::shared_ptr<const std::string>> sending_;  // Untouched while a send is under way.
  // TLS only: how far into sending_ has been sealed, and what of it is on its way.
  size_t sealed_messages_ = 0;
  size_t sealed_bytes_ = 0;  // Of the first message not sealed whole.
  std::string wire_;
  size_t queued_bytes_ = 0;
  bool flush_scheduled_ = false;
  bool reading_ = false;       // A wait for input is pending.
  bool end_of_input_ = false;  // The peer sends no more.
  bool closing_ = false;       // CloseAfterWrites was called.
  bool lingering_ = false;     // All is sent and said; waiting for the peer's end.
  bool closed_ = false;
  EventLoop::TimerId linger_timer_ = 0;
};

// The user's handle.
std::unique_ptr<Stream> MakeStream(std::shared_ptr<StreamCore> core);

}  // namespace nonet::http
