// Keeps the end of what a thread starts on that thread.
//
//   {
//     const rpc::CompleteHere here;
//     StartWrite(&message);
//   }  // OnWriteDone has run, if the write was taken at once.
//
// Else gRPC 1.51 wakes its polling thread for every write that has been taken, though nobody waits for it.
// The first callback that becomes due on this thread meanwhile, be it of another call, is run by the
// destructor; what becomes due later, or elsewhere, goes the usual way. With any other version of gRPC it
// does nothing. See docs/decisions/0022-turns-and-pollers.md.
//
// Use it with no lock held, when it ends, that a callback takes, and while what is started is alive. Not
// nested.
#pragma once

namespace grpc {
class CompletionQueue;
}

namespace nonet::rpc {

class CompleteHere {
 public:
  CompleteHere();
  ~CompleteHere();
  CompleteHere(const CompleteHere&) = delete;
  CompleteHere& operator=(const CompleteHere&) = delete;

 private:
  grpc::CompletionQueue* const queue_;  // Null where it does nothing.
};

}  // namespace nonet::rpc
