// Carrying out a question to the whole resource at one instance, for its own connections. Pure.
#pragma once

#include <vector>

#include "replica/core/hub.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

struct CarriedOut {
  Answer answer;
  std::vector<ConnectionKey> close;  // To be closed by the caller.
  uint64_t change = 0;               // Of our interest: the answer may go once the peers heed it.
};

// Selects before it changes anything.
CarriedOut CarryOut(const Question& question, HubTable* hubs);

}  // namespace nonet::replica
