// Both ends of a peer stream over real sockets: with each other, with gRPC's own client and server, and with
// what is neither.
#include "replica/server/peer_streams.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/clock/simulated_clock.h"
#include "common/real/real_clock.h"
#include "common/rpc/status.h"
#include "nonet/fault/v1/link.grpc.pb.h"
#include "nonet/peer/v1/peer.grpc.pb.h"
#include "tests/contract/common/loop_thread.h"
#include "tests/contract/common/raw_socket.h"
#include "tests/contract/replica/certificates.h"

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;
using Identity = std::shared_ptr<const rpc::TlsIdentity>;

constexpr char kDialer[] = "nonet:dialer", kAcceptor[] = "nonet:acceptor";

std::string At(uint16_t port) { return absl::StrCat("127.0.0.1:", port); }

// A stream, as its owner sees it. On the loop only.
template <typename Stream>
struct Owner {
  StreamEvents Events() {
    StreamEvents events;
    events.on_message = [this](std::string bytes) { messages.push_back(std::move(bytes)); };
    events.on_writable = [this] { ++writable; };
    events.on_closed = [this](const absl::Status& why) {
      end = why;
      stream = nullptr;
    };
    return events;
  }
  Stream* stream = nullptr;  // Until it is closed.
  std::vector<std::string> messages;
  int writable = 0;
  std::optional<absl::Status> end;
};

// A loop with a listener whose streams `accepted` owns, the last one.
class Acceptor {
 public:
  Acceptor(EventLoop& loop, const Identity& identity)
      : transport_(*PeerTransport::Make(loop, identity)),
        listener_(*PeerListener::Listen(transport_, "127.0.0.1", 0, [this](AcceptStream* stream) {
          callers.push_back(stream->caller());
          owner.stream = stream;
          stream->SetEvents(owner.Events());
        })) {}
  ~Acceptor() {
    if (owner.stream != nullptr) owner.stream->SetEvents({});
  }
  uint16_t port() const { return listener_->port(); }

  Owner<AcceptStream> owner;
  std::vector<PeerConnection::Caller> callers;

 private:
  const std::shared_ptr<PeerTransport> transport_;
  const std::unique_ptr<PeerListener> listener_;
};

class PeerStreams : public ::testing::Test {
 protected:
  explicit PeerStreams(const Clock& clock = RealClock()) : loop_(clock) {}
  ~PeerStreams() override {
    // A stream deletes itself in a turn after its end.
    loop_.Call([&] {
      if (dialed_.stream != nullptr) dialed_.stream->Close();
      acceptor_.reset();
    });
    loop_.Eventually([&] { return dialed_.stream == nullptr; });
  }
  void Listen(const Identity& identity = nullptr) {
    loop_.Call([&] { acceptor_.emplace(loop_.get(), identity); });
  }
  void Dial(const std::string& address, const Identity& identity = nullptr,
            const std::string& uri = kAcceptor, const std::string& from = "127.0.0.1") {
    loop_.Call([&] {
      dialed_.stream =
          new DialStream(*PeerTransport::Make(loop_.get(), identity), {address, from, uri}, dialed_.Events());
    });
  }
  void DialAcceptor(const Identity& identity = nullptr, const std::string& uri = kAcceptor) {
    Dial(At(loop_.Call([&] { return acceptor_->port(); })), identity, uri);
  }
  absl::Status DialedEnd() {
    EXPECT_TRUE(loop_.Eventually([&] { return dialed_.end.has_value(); }));
    return loop_.Call([&] { return dialed_.end.value_or(absl::UnknownError("it has not ended")); });
  }
  // Sends as much as there is room for, at most `max`; how many.
  size_t Fill(size_t max, size_t size) {
    size_t sent = 0;
    int quiet = 0;
    while (sent < max && quiet < 20) {
      const bool wrote = loop_.Call([&] {
        if (!dialed_.stream->CanWrite()) return false;
        dialed_.stream->Write(absl::StrCat(sent, ":", std::string(size, 'x')));
        return true;
      });
      sent += wrote ? 1 : 0;
      quiet = wrote ? 0 : quiet + 1;
      if (!wrote) std::this_thread::yield();
    }
    return sent;
  }

  LoopThread loop_;
  Owner<DialStream> dialed_;
  std::optional<Acceptor> acceptor_;
};

TEST_F(PeerStreams, CarryMessagesBothWaysInOrder) {
  Listen();
  DialAcceptor();
  constexpr int kMessages = 500;
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(loop_.Eventually([&] { return dialed_.stream->CanWrite(); }));
    loop_.Call([&] { dialed_.stream->Write(absl::StrCat("there ", i)); });
    if (i == 0) {
      ASSERT_TRUE(loop_.Eventually([&] { return acceptor_->owner.stream != nullptr; }));
    }
    ASSERT_TRUE(loop_.Eventually([&] { return acceptor_->owner.stream->CanWrite(); }));
    loop_.Call([&] { acceptor_->owner.stream->Write(absl::StrCat("back ", i)); });
  }
  ASSERT_TRUE(loop_.Eventually(
      [&] { return dialed_.messages.size() == kMessages && acceptor_->owner.messages.size() == kMessages; }));
  loop_.Call([&] {
    for (int i = 0; i < kMessages; ++i) {
      const auto at = static_cast<size_t>(i);
      EXPECT_EQ(acceptor_->owner.messages[at], absl::StrCat("there ", i));
      EXPECT_EQ(dialed_.messages[at], absl::StrCat("back ", i));
    }
  });
}

// In the clear and over TLS.
class PeerStreamsOver : public PeerStreams, public ::testing::WithParamInterface<bool> {
 protected:
  Identity Of(const std::string& uri) const {
    return GetParam() ? authority_.Issue(uri, "contoso") : nullptr;
  }
  const nonet::testing::TestAuthority authority_;
};
INSTANTIATE_TEST_SUITE_P(All, PeerStreamsOver, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "Tls" : "TheClear"; });

TEST_P(PeerStreamsOver, WhoDoesNotReadIsNotSentMoreThanFitsAndGetsAllOfItLater) {
  Listen(Of(kAcceptor));
  DialAcceptor(Of(kDialer));
  ASSERT_EQ(Fill(1, 10), 1u);
  ASSERT_TRUE(loop_.Eventually([&] { return acceptor_->owner.messages.size() == 1; }));
  loop_.Call([&] { acceptor_->owner.stream->SetReading(false); });
  constexpr size_t kSize = 64 * 1024;
  constexpr size_t kMax = 1000;
  const size_t sent = Fill(kMax, kSize);
  EXPECT_GT(sent, 8u);
  EXPECT_LE(sent, h2::kCallWindowBytes / kSize + 2)
      << "bounded by HTTP/2's flow control, not by the socket's";
  EXPECT_EQ(loop_.Call([&] { return acceptor_->owner.messages.size(); }), 1u);
  loop_.Call([&] { acceptor_->owner.stream->SetReading(true); });
  ASSERT_TRUE(loop_.Eventually([&] { return acceptor_->owner.messages.size() == 1 + sent; }));
  EXPECT_TRUE(loop_.Eventually([&] { return dialed_.writable > 0; }));
  loop_.Call([&] {
    for (size_t i = 0; i < sent; ++i) {
      const std::string& message = acceptor_->owner.messages[i + 1];
      EXPECT_TRUE(absl::StartsWith(message, absl::StrCat(i, ":"))) << message.substr(0, 10);
      EXPECT_EQ(message.size(), absl::StrCat(i, ":").size() + kSize);
    }
  });
}

TEST_P(PeerStreamsOver, TheLargestMessageArrives) {
  Listen(Of(kAcceptor));
  DialAcceptor(Of(kDialer));
  std::string large(h2::kMessageBytesMax, 'x');
  for (size_t i = 0; i < large.size(); i += 4096) large[i] = static_cast<char>('a' + i / 4096 % 26);
  loop_.Call([&] { dialed_.stream->Write(large); });
  ASSERT_TRUE(loop_.Eventually([&] { return acceptor_->owner.messages.size() == 1; }));
  EXPECT_TRUE(loop_.Call([&] { return acceptor_->owner.messages[0] == large; }));
}

TEST_P(PeerStreamsOver, TheAcceptorsReasonArrivesWithItsDetails) {
  Listen(Of(kAcceptor));
  DialAcceptor(Of(kDialer));
  ASSERT_TRUE(loop_.Eventually([&] { return acceptor_->owner.stream != nullptr; }));
  loop_.Call([&] {
    acceptor_->owner.stream->Write("last words");
    acceptor_->owner.stream->Close(MakeError(absl::StatusCode::kFailedPrecondition, "TOO_WARM",
                                             "it is 100 % too warm", {.next_step = "wait"}));
  });
  const absl::Status end = DialedEnd();
  EXPECT_TRUE(absl::IsFailedPrecondition(end)) << end;
  EXPECT_EQ(ErrorReason(end), "TOO_WARM");
  EXPECT_EQ(GetErrorDetails(end).next_step, "wait");
  EXPECT_THAT(std::string(end.message()), HasSubstr("100 % too warm"));
  EXPECT_EQ(loop_.Call([&] { return dialed_.messages; }), std::vector<std::string>{"last words"});
}

TEST_P(PeerStreamsOver, AClosedEndIsTheOthersEnd) {
  Listen(Of(kAcceptor));
  DialAcceptor(Of(kDialer));
  ASSERT_TRUE(loop_.Eventually([&] { return acceptor_->owner.stream != nullptr; }));
  loop_.Call([&] { dialed_.stream->Close(); });
  EXPECT_TRUE(absl::IsCancelled(DialedEnd()));
  EXPECT_TRUE(loop_.Eventually([&] { return acceptor_->owner.end.has_value(); }));
}

TEST_F(PeerStreams, TheCallerIsWhomItsCertificateNames) {
  const nonet::testing::TestAuthority authority;
  Listen(authority.Issue(kAcceptor, "contoso"));
  DialAcceptor(authority.Issue(kDialer, "contoso"));
  ASSERT_TRUE(loop_.Eventually([&] { return !acceptor_->callers.empty(); }));
  const PeerConnection::Caller caller = loop_.Call([&] { return acceptor_->callers[0]; });
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_TRUE(caller->Is(kDialer));
}

TEST_F(PeerStreams, ADialledServerThatIsAnotherIsNotSpokenTo) {
  const nonet::testing::TestAuthority authority;
  Listen(authority.Issue(kAcceptor, "contoso"));
  DialAcceptor(authority.Issue(kDialer, "contoso"), "nonet:somebody else");
  EXPECT_EQ(ErrorReason(DialedEnd()), "OTHER_HOLDER");
  EXPECT_TRUE(loop_.Call([&] { return acceptor_->callers.empty(); }));
}

// ---- What is not our own ----

// gRPC's server: answers each Hello with a Welcome of the same resource that says where it came from, and
// refuses "enough".
class GrpcPeer final : public peer::v1::PeerSync::Service {
 public:
  GrpcPeer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  uint16_t port() const { return static_cast<uint16_t>(port_); }

 private:
  grpc::Status Sync(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<peer::v1::SyncResponse, peer::v1::SyncRequest>* stream) override {
    peer::v1::SyncRequest request;
    while (stream->Read(&request)) {
      if (request.hello().resource() == "enough") {
        return rpc::ToGrpc(MakeError(absl::StatusCode::kResourceExhausted, "ENOUGH", "no more: \xC3\xBC",
                                     {.next_step = "rest"}));
      }
      peer::v1::SyncResponse response;
      response.mutable_welcome()->set_instance(request.hello().resource());
      response.mutable_welcome()->set_epoch(context->peer());
      stream->Write(response);
    }
    return grpc::Status::OK;
  }
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

std::string HelloOf(const std::string& resource) {
  peer::v1::SyncRequest request;
  request.mutable_hello()->set_resource(resource);
  return request.SerializeAsString();
}

TEST_F(PeerStreams, AreHeardByGrpcsServerAndHearIt) {
  GrpcPeer peer;
  Dial(At(peer.port()));
  for (const size_t size : {size_t{0}, size_t{1}, size_t{20'000}, size_t{3'000'000}, size_t{10}}) {
    const std::string resource(size, 'r');
    ASSERT_TRUE(loop_.Eventually([&] { return dialed_.stream != nullptr && dialed_.stream->CanWrite(); }));
    const size_t before = loop_.Call([&] { return dialed_.messages.size(); });
    loop_.Call([&] { dialed_.stream->Write(HelloOf(resource)); });
    ASSERT_TRUE(loop_.Eventually([&] { return dialed_.messages.size() == before + 1; }));
    peer::v1::SyncResponse response;
    ASSERT_TRUE(response.ParseFromString(loop_.Call([&] { return dialed_.messages.back(); })));
    EXPECT_EQ(response.welcome().instance(), resource);
  }
  loop_.Call([&] { dialed_.stream->Write(HelloOf("enough")); });
  const absl::Status end = DialedEnd();
  EXPECT_TRUE(absl::IsResourceExhausted(end)) << end;
  EXPECT_EQ(ErrorReason(end), "ENOUGH");
  EXPECT_THAT(std::string(end.message()), HasSubstr("no more: \xC3\xBC"));
}

TEST_F(PeerStreams, AreTheOnlyServiceOfTheirPort) {
  Listen();
  const auto stub = fault::v1::FaultAgent::NewStub(grpc::CreateChannel(
      At(loop_.Call([&] { return acceptor_->port(); })), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  fault::v1::LinkState state;
  const grpc::Status status = stub->GetLinks(&context, {}, &state);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
  EXPECT_THAT(status.error_message(), HasSubstr("/nonet.fault.v1.FaultAgent/GetLinks"));
}

TEST_F(PeerStreams, ComeFromTheSourceAddressGiven) {
  GrpcPeer peer;
  for (const auto& [from, seen] :
       {std::pair("127.143.0.53", "ipv4:127.143.0.53:"), std::pair("", "ipv4:127.0.0.1:")}) {
    Dial(At(peer.port()), nullptr, kAcceptor, from);
    loop_.Call([&] { dialed_.stream->Write(HelloOf("who am I")); });
    ASSERT_TRUE(loop_.Eventually([&] { return !dialed_.messages.empty(); }));
    peer::v1::SyncResponse response;
    ASSERT_TRUE(
        response.ParseFromString(loop_.Call([&] { return std::exchange(dialed_.messages, {}).back(); })));
    EXPECT_TRUE(absl::StartsWith(response.welcome().epoch(), seen)) << response.welcome().epoch();
    loop_.Call([&] { dialed_.stream->Close(); });
    EXPECT_TRUE(absl::IsCancelled(DialedEnd()));
    dialed_.end.reset();
  }
}

TEST_F(PeerStreams, CannotComeFromAnAddressThatIsNotOurs) {
  Listen();
  for (const char* from : {"192.0.2.1", "nonsense"}) {
    Dial(At(loop_.Call([&] { return acceptor_->port(); })), nullptr, kAcceptor, from);
    EXPECT_TRUE(absl::IsUnavailable(DialedEnd())) << from;
    dialed_.end.reset();
  }
}

TEST_F(PeerStreams, WhoSaysNoMoreIsLetGo) {
  Listen();
  const auto stub = peer::v1::PeerSync::NewStub(grpc::CreateChannel(
      At(loop_.Call([&] { return acceptor_->port(); })), grpc::InsecureChannelCredentials()));
  for (const bool cancelled : {false, true}) {
    loop_.Call([&] { acceptor_->owner.end.reset(); });
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    const auto stream = stub->Sync(&context);
    peer::v1::SyncRequest request;
    request.mutable_hello()->set_resource("resources/contoso");
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(loop_.Eventually([&] { return acceptor_->owner.stream != nullptr; }));
    if (cancelled) {
      context.TryCancel();
    } else {
      stream->WritesDone();
    }
    const grpc::Status status = stream->Finish();
    EXPECT_EQ(status.error_code(), cancelled ? grpc::StatusCode::CANCELLED : grpc::StatusCode::OK)
        << status.error_message();
    EXPECT_TRUE(loop_.Eventually([&] { return acceptor_->owner.end.has_value(); }));
  }
}

TEST_F(PeerStreams, NobodyIsUnavailable) {
  Dial(At(1));
  EXPECT_TRUE(absl::IsUnavailable(DialedEnd()));
}

TEST_F(PeerStreams, WhatIsNoAddressIsUnavailable) {
  for (const char* address : {"", "127.0.0.1", "nowhere:80", "127.0.0.1:99999"}) {
    dialed_.end.reset();
    Dial(address);
    EXPECT_TRUE(absl::IsUnavailable(DialedEnd())) << address;
  }
}

TEST_F(PeerStreams, WhatAnswersOtherwiseIsLeft) {
  SilentListener other;
  Dial(At(other.port()));
  EXPECT_TRUE(absl::StartsWith(other.AnswerOne("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
                               "PRI * HTTP/2.0"));
  const absl::Status end = DialedEnd();
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
  EXPECT_THAT(std::string(end.message()), HasSubstr("HTTP/2"));
}

TEST_F(PeerStreams, WhoSaysOtherwiseIsLeft) {
  Listen();
  RawSocket socket(loop_.Call([&] { return acceptor_->port(); }));
  socket.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  socket.ReceiveAll();
  EXPECT_TRUE(socket.AtEnd());
}

TEST_F(PeerStreams, TooManyAreTurnedAway) {
  Listen();
  const uint16_t port = loop_.Call([&] { return acceptor_->port(); });
  std::vector<std::unique_ptr<RawSocket>> sockets;
  for (size_t i = 0; i < kPeerConnectionsMax; ++i) {
    sockets.push_back(std::make_unique<RawSocket>(port));
    EXPECT_EQ(sockets.back()->Receive(9).size(), 9u) << i;  // Its SETTINGS: it is taken.
  }
  RawSocket one_more(port);
  EXPECT_EQ(one_more.Receive(1), "");
  sockets[7]->CloseWithReset();
  // Room is seen once the loop has read the end.
  bool taken = false;
  for (int i = 0; i < 1000 && !taken; ++i) taken = RawSocket(port).Receive(9).size() == 9;
  EXPECT_TRUE(taken);
}

class PeerStreamsInTime : public PeerStreams {
 protected:
  PeerStreamsInTime() : PeerStreams(clock_) {}
  void Advance(int64_t ns) {
    clock_.AdvanceNs(ns);
    loop_.Call([] {});
  }
  static inline SimulatedClock clock_{0};
};

TEST_F(PeerStreamsInTime, WhoDoesNotGreetIsLeft) {
  SilentListener silent;
  Dial(At(silent.port()));
  Advance(kPeerGreetingNs - 1);
  loop_.Call([] {});
  EXPECT_FALSE(loop_.Call([&] { return dialed_.end.has_value(); }));
  Advance(1);
  const absl::Status end = DialedEnd();
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
  EXPECT_THAT(std::string(end.message()), HasSubstr("does not greet"));
}

TEST_F(PeerStreamsInTime, AConnectionWithoutACallIsClosed) {
  Listen();
  RawSocket idle(loop_.Call([&] { return acceptor_->port(); }));
  EXPECT_EQ(idle.Receive(9).size(), 9u);
  Advance(kPeerIdleNs);
  idle.ReceiveAll();
  EXPECT_TRUE(idle.AtEnd());
}

}  // namespace
}  // namespace nonet::replica
