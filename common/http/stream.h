// The byte stream behind http::Stream: gathered writes, reads into the shared scratch buffer.
// A StreamCore is held by the server's set, by its pending operations and by the user's Stream.
#pragma once

#include <sys/uio.h>

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
  void Append(absl::string_view bytes);
  void Write(std::shared_ptr<const std::string> bytes);
  size_t queued_bytes() const { return queued_bytes_; }
  void SetReading(bool reading);
  void CloseAfterWrites();
  void AbortNow() override;
  // The user's Stream is gone: abort, and call nobody.
  void Detach();
  // Sends what waits, as much as the socket takes now.
  void Flush();

 private:
  struct Chunk {
    std::string own;                            // Or, when not null:
    std::shared_ptr<const std::string> shared;  // Sent by who queued it to others too.
    const std::string& bytes() const { return shared != nullptr ? *shared : own; }
  };
  void DeliverEarly();
  void WaitReadable();
  void OnReadable();
  bool DeliverFromWire(absl::string_view wire);
  void OnEndOfInput();
  // Of `n` bytes that the socket took, or that were sealed.
  void Pop(size_t n);
  // Send what is queued. False when the rest has to wait, or the stream has ended.
  bool FlushPlain();
  bool FlushSealed();
  void Seal();
  // False after an error that ends the stream, or when there is no room.
  bool Send(const iovec* buffers, size_t count, size_t* sent);
  void WaitWritable();
  void FlushLater();
  void DropQueue();
  void BeginLinger();
  void Close(bool reset);
  void NotifyClosedLater();

  const std::shared_ptr<Shared> shared_;
  boost::asio::ip::tcp::socket socket_;
  const std::unique_ptr<tls::Session> tls_;
  std::string early_;
  // Shared: a callback may destroy the Stream that it was called from.
  std::shared_ptr<Stream::Callbacks> callbacks_;
  std::vector<Chunk> queue_;
  size_t first_ = 0;       // Index of the front of the queue; before it all is sent.
  size_t front_sent_ = 0;  // Bytes of the front that are sent, or sealed.
  // TLS only: what was sealed last, and how many bytes of the queue it was.
  std::string wire_;
  size_t wire_sent_ = 0;
  size_t sealed_bytes_ = 0;
  size_t queued_bytes_ = 0;
  bool flush_scheduled_ = false;
  bool writing_ = false;       // A wait for room in the socket is pending.
  bool reading_ = false;       // A wait for input is pending.
  bool paused_ = false;        // SetReading(false).
  bool end_of_input_ = false;  // The peer sends no more.
  bool closing_ = false;       // CloseAfterWrites was called.
  bool lingering_ = false;     // All is sent and said; waiting for the peer's end.
  bool closed_ = false;
  EventLoop::TimerId linger_timer_ = 0;
};

// The user's handle.
std::unique_ptr<Stream> MakeStream(std::shared_ptr<StreamCore> core);

}  // namespace nonet::http
