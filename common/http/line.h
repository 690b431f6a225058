// What lies between a server's connection and its client, one direction of it, when that is more than a
// cable: an emulated link, which lets reads and writes through later, or never. Everything on the loop
// thread.
//
//   if (line->clear()) Take(bytes); else line->Push(bytes.size(), [copy = std::string(bytes)] { Take(copy);
//   });
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"

namespace nonet::http {

class Line {
 public:
  virtual ~Line() = default;  // What is on its way is dropped.
  // Nothing is on its way, and what came now would pass at once: Push is not needed.
  virtual bool clear() const = 0;
  // `through` runs once the bytes are through: after those pushed before, never inside Push. It may destroy
  // the line. Of more than full() allows nothing is refused: the owner stops reading.
  virtual void Push(size_t bytes, absl::AnyInvocable<void()> through) = 0;
  virtual bool full() const = 0;
  // Called when it is not full any more.
  virtual void OnRoom(absl::AnyInvocable<void()> on_room) = 0;
  // Lives on until the last push is through. For the end of a connection, which also takes its time.
  virtual void OutliveOwner(std::unique_ptr<Line> self) = 0;
};

struct Lines {
  std::unique_ptr<Line> in = {};   // From the client.
  std::unique_ptr<Line> out = {};  // To the client.
};

// For a connection from that IP literal; empty lines are cables.
using MakeLines = std::function<Lines(const std::string& peer_address)>;

}  // namespace nonet::http
