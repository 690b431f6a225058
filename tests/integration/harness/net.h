// Plain sockets for tests: TCP, UDP, one HTTP request, a WebSocket client. Blocking, each call with a
// deadline. Knows the wire formats, not our code.
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace nonet::testing {

inline constexpr std::chrono::milliseconds kDefaultWait{10'000};

bool IsPortFree(const std::string& address, int port);

class TcpSocket {
 public:
  // Invalid when the connection is refused or takes too long.
  static TcpSocket Connect(const std::string& address, int port, const std::string& from = "");
  TcpSocket() = default;
  TcpSocket(TcpSocket&& other) noexcept;
  TcpSocket& operator=(TcpSocket&& other) noexcept;
  ~TcpSocket();

  bool valid() const { return fd_ >= 0; }
  bool Send(const std::string& bytes);
  // Appends what comes until the deadline; false when the peer closed or nothing came.
  bool Receive(std::string& into, std::chrono::milliseconds wait = kDefaultWait);
  // Reads on until the peer closes; false when it does not.
  bool WaitClosed(std::chrono::milliseconds wait = kDefaultWait);
  void Close();

 private:
  int fd_ = -1;
};

// The answer to one datagram, or nullopt when none came.
std::optional<std::string> UdpExchange(const std::string& address, int port, const std::string& packet,
                                       std::chrono::milliseconds wait = std::chrono::milliseconds(1000));

struct HttpAnswer {
  int status = 0;                              // 0: no answer.
  std::map<std::string, std::string> headers;  // Names lower case.
  std::string body;
};

HttpAnswer Http(const std::string& address, int port, const std::string& method, const std::string& target,
                const std::map<std::string, std::string>& headers = {}, const std::string& body = "");

class WebSocket {
 public:
  // HTTP status of the handshake in `status`; 101 when open.
  static WebSocket Open(const std::string& address, int port, const std::string& host,
                        const std::string& target, const std::string& subprotocol,
                        const std::string& from = "");
  int status() const { return status_; }
  bool open() const { return status_ == 101 && !close_code_.has_value(); }

  bool SendText(const std::string& text);
  bool SendRaw(const std::string& bytes) { return socket_.Send(bytes); }
  // The next JSON text message; null when the connection ends or the time is up. Answers pings.
  nlohmann::json Receive(std::chrono::milliseconds wait = kDefaultWait);
  // Skips messages until one has this `type` (and, for acks, this ackId).
  nlohmann::json ReceiveType(const std::string& type, std::chrono::milliseconds wait = kDefaultWait);
  // Sends and waits for the ack; the ack frame.
  nlohmann::json Call(nlohmann::json frame);
  // The close code, once the peer closed; 1006 when it did so without a close frame.
  std::optional<int> WaitClosed(std::chrono::milliseconds wait = kDefaultWait);

 private:
  bool ReadFrame(std::chrono::steady_clock::time_point deadline, int& opcode, std::string& payload);
  bool SendFrame(int opcode, const std::string& payload);

  TcpSocket socket_;
  std::string buffer_;
  int status_ = 0;
  std::optional<int> close_code_;
  uint64_t next_ack_id_ = 1;
};

}  // namespace nonet::testing
