// A deployment template, read and checked as a document: sections, declarations, the list of resources.
// Expressions are not evaluated here. Pure; thread-safe.
//
//   ASSIGN_OR_RETURN(const Template t, ReadTemplate(text, "main.json"));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/render/format.h"

namespace nonet::cli::deploy {

// One resource as it is written, children taken out of their parents.
struct WrittenResource {
  std::string symbol;  // Its key where resources are an object (languageVersion 2.0); else empty.
  Place place;
  const Json* body = nullptr;               // Within Template::document.
  const WrittenResource* parent = nullptr;  // Of a child that is written within its parent.
};

struct Template {
  std::string name;  // Of the deployment: the file's name without what follows its dot.
  Json document;     // Never moved once read: `resources` points into it.
  std::vector<std::unique_ptr<WrittenResource>> resources;  // Parents before their children.
};

absl::StatusOr<std::unique_ptr<Template>> ReadTemplate(absl::string_view text, absl::string_view file);

}  // namespace nonet::cli::deploy
