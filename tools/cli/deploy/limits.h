// Every bound of template deployment in one place. Those marked Azure are the documented limits of its
// templates (Azure Resource Manager, "Template best practices"); the others are ours.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nonet::cli::deploy {

inline constexpr size_t kTemplateBytesMax = 4 << 20;      // Azure.
inline constexpr size_t kParametersMax = 256;             // Azure.
inline constexpr size_t kVariablesMax = 256;              // Azure.
inline constexpr size_t kResourcesMax = 800;              // Azure; after copy loops.
inline constexpr size_t kOutputsMax = 64;                 // Azure.
inline constexpr size_t kExpressionBytesMax = 24'576;     // Azure.
inline constexpr int kExpressionDepthMax = 48;            // Nested calls, brackets and member accesses.
inline constexpr int kJsonDepthMax = 64;                  // Of a template, and of what an expression makes.
inline constexpr int64_t kCopyCountMax = 800;             // Azure.
inline constexpr size_t kValueBytesMax = 1 << 20;         // One evaluated value as JSON text.
inline constexpr size_t kArrayItemsMax = 10'000;          // What range() may make.
inline constexpr int64_t kEvaluationStepsMax = 200'000;   // Calls in one deployment.
inline constexpr int64_t kEvaluatedBytesMax = 256 << 20;  // All values made in one deployment.
inline constexpr int kEvaluationDepthMax = 400;           // Calls within calls, through variables too.
inline constexpr int kVariableDepthMax = 64;              // Variables that use variables.
inline constexpr size_t kDifferencesShownMax = 200;       // Of one resource, in --what-if.

}  // namespace nonet::cli::deploy
