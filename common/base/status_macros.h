// RETURN_IF_ERROR and ASSIGN_OR_RETURN: Abseil 20220623 has neither.
//
//   RETURN_IF_ERROR(store.Open(path));
//   ASSIGN_OR_RETURN(const Resource resource, store.Get(name));
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define NONET_CONCAT_INNER(a, b) a##b
#define NONET_CONCAT(a, b) NONET_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                                     \
  do {                                                                  \
    if (absl::Status nonet_status = (expression); !nonet_status.ok()) { \
      return nonet_status;                                              \
    }                                                                   \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  NONET_ASSIGN_OR_RETURN_INNER(NONET_CONCAT(nonet_statusor_, __LINE__), declaration, expression)
#define NONET_ASSIGN_OR_RETURN_INNER(statusor, declaration, expression) \
  auto statusor = (expression);                                         \
  if (!statusor.ok()) return std::move(statusor).status();              \
  declaration = *std::move(statusor)
