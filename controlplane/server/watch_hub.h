// All watch streams: takes their messages to the core, and the core's changes to them. One stream a
// subscriber: a second one ends the first. A subscriber that does not read is cut off and delays nobody.
//
// The loop thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/server/engine.h"
#include "controlplane/server/watch_session.h"

namespace nonet::controlplane {

class WatchHub {
 public:
  WatchHub(Engine& engine, Metrics& metrics);

  // Within a turn: what a stream's peer has sent, or that the stream is over.
  void Receive(Engine::Turn& turn, const std::shared_ptr<WatchSession>& session,
               const watch::v1::WatchRequest& request);
  void Closed(Engine::Turn& turn, const std::shared_ptr<WatchSession>& session);
  // Sends everybody what is in scope, or a progress mark.
  void Publish(const std::vector<LogEntry>& log);
  // Ends every stream.
  void Stop();

 private:
  struct Stream {
    std::shared_ptr<WatchSession> session;  // gRPC holds the other reference, until the call is done.
    Scope scope;
    bool started = false;  // Its first messages are out; until then Publish leaves it alone.
  };

  void Open(Engine::Turn& turn, const std::shared_ptr<WatchSession>& session, const watch::v1::Open& open);
  Stream* Find(const std::shared_ptr<WatchSession>& session);
  void Send(Stream& stream, std::vector<FeedPart> parts);
  void CutOff(Stream& stream);

  Engine& engine_;
  Counter cut_offs_;
  std::map<std::string, Stream> streams_;                  // By canonical subscriber name.
  std::map<const WatchSession*, std::string> by_session_;  // Looked up only, never iterated.
};

}  // namespace nonet::controlplane
