// Brings into the cache what answering a batch of queries is going to read: with thousands of resources each
// answer lies in memory of its own, and waiting for it takes longer than everything else. Goes step by step
// over the whole batch, so that the waits overlap. Only hints: answers are the same without. Pure; allocates
// nothing.
//
//   LookAhead(table, questions, source);
//   for (...) Respond(table, questions[i], ...);
#pragma once

#include <cstddef>
#include <span>

#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/ip_prefix.h"
#include "dnsresolver/core/responder.h"

namespace nonet::dns {

inline constexpr size_t kLookAheadMax = 16;  // Questions a call; about as many reads as a core has under way.
// With fewer resources everything is in the cache anyway.
inline constexpr size_t kLookAheadResourcesMin = 256;

// `source`: of the first question. The others are likely to come from the same region or to say where they
// are.
void LookAhead(const AnswerTable& table, std::span<const Received> questions, const IpPrefix& source);

}  // namespace nonet::dns
