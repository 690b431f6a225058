#include "controlplane/core/effective.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/core/child_kinds.h"
#include "controlplane/core/field_mask.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/links.h"
#include "controlplane/core/validate_settings.h"

namespace nonet::controlplane {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using resource::v1::EffectiveConfiguration;
using Source = EffectiveConfiguration::Source;
using Texts = std::map<std::string, std::string>;  // Path to value.

struct Value {
  std::string text;
  Source source;
};
using Settings = std::map<std::string, Value>;

std::string Bool(bool value) { return value ? "true" : "false"; }

// Facts inside settings, and what only answers carry.
bool IsFact(const FieldDescriptor& field) {
  static const auto& names =
      *new std::set<std::string>{"etag", "uid", "status_message", "warnings", "operation"};
  return names.contains(field.name());
}

std::string ScalarText(const Message& message, const FieldDescriptor& field, int index) {
  const google::protobuf::Reflection& r = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return Bool(repeated ? r.GetRepeatedBool(message, &field, index) : r.GetBool(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(repeated ? r.GetRepeatedUInt32(message, &field, index)
                                   : r.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(repeated ? r.GetRepeatedUInt64(message, &field, index)
                                   : r.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return (repeated ? r.GetRepeatedEnum(message, &field, index) : r.GetEnum(message, &field))->name();
    default:
      return repeated ? r.GetRepeatedString(message, &field, index) : r.GetString(message, &field);
  }
}

// What tells the elements of a list apart: their name where they have one, else their place.
std::string ElementKey(const Message& element, int index) {
  for (const char* name : {"hub", "name", "key"}) {
    const FieldDescriptor* field = element.GetDescriptor()->FindFieldByName(name);
    if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated()) {
      return ScalarText(element, *field, 0);
    }
  }
  return absl::StrCat(index);
}

void Flatten(const std::string& prefix, const Message& message, bool all, Texts& texts);

void FlattenField(const std::string& path, const Message& message, const FieldDescriptor& field, bool all,
                  Texts& texts) {
  const google::protobuf::Reflection& r = *message.GetReflection();
  const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (!field.is_repeated()) {
    if (is_message) return Flatten(path + ".", r.GetMessage(message, &field), all, texts);
    std::string text = ScalarText(message, field, 0);
    if (!text.empty()) texts[path] = std::move(text);
    return;
  }
  const int size = r.FieldSize(message, &field);
  std::vector<std::string> scalars;
  for (int i = 0; i < size; ++i) {
    if (!is_message) {
      scalars.push_back(ScalarText(message, field, i));
      continue;
    }
    const Message& element = r.GetRepeatedMessage(message, &field, i);
    Flatten(absl::StrCat(path, "[", ElementKey(element, i), "]."), element, false, texts);
  }
  if (!scalars.empty()) texts[path] = absl::StrJoin(scalars, ", ");
}

// One line a value. `all`: those that are unset too, so that their defaults show.
void Flatten(const std::string& prefix, const Message& message, bool all, Texts& texts) {
  std::vector<const FieldDescriptor*> fields;
  if (all) {
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      fields.push_back(message.GetDescriptor()->field(i));
    }
  } else {
    message.GetReflection()->ListFields(message, &fields);
  }
  for (const FieldDescriptor* field : fields) {
    if (!IsFact(*field)) FlattenField(prefix + field->name(), message, *field, all, texts);
  }
}

Texts InheritedTexts(const resource::v1::Resource& primary) {
  Texts texts;
  for (const std::string& name : InheritedFields()) {
    const FieldDescriptor* field = primary.GetDescriptor()->FindFieldByName(name);
    // Profiles nest: only what is set can be shown.
    FlattenField(name, primary, *field, name != "traffic_profile", texts);
  }
  if (!primary.has_traffic_profile()) texts["traffic_profile.method"] = "METHOD_PERFORMANCE";
  return texts;
}

// What would hold had nobody set anything but that the hubs are there.
Texts DefaultTexts(const resource::v1::Resource& primary) {
  resource::v1::Resource standard;
  standard.set_name(primary.name());
  for (const resource::v1::HubSettings& hub : primary.hubs()) standard.add_hubs()->set_hub(hub.hub());
  const absl::Status valid = NormalizeSettings(standard);
  return valid.ok() ? InheritedTexts(standard) : Texts();
}

template <typename Own>
void AddOwn(const Own& message, const resource::v1::Resource& primary, Settings& settings) {
  const auto add = [&](const std::string& path, const std::string& value, const std::string& standard) {
    settings[path] = {value, value == standard ? EffectiveConfiguration::SOURCE_DEFAULT
                                               : EffectiveConfiguration::SOURCE_OWN};
  };
  settings["location"] = {message.location(), EffectiveConfiguration::SOURCE_OWN};
  add("sku.name", message.sku().name(), "Premium_P1");
  add("sku.capacity", absl::StrCat(message.sku().capacity()),
      message.sku().name() == "Premium_P2" ? "100" : "1");
  add("region_endpoint_enabled", Bool(message.region_endpoint_enabled()), "true");
  add("resource_stopped", Bool(message.resource_stopped()), "false");
  for (const auto& [key, value] : message.tags()) {
    settings[absl::StrCat("tags[", key, "]")] = {value, EffectiveConfiguration::SOURCE_OWN};
  }
  // The links are inherited; whether this instance may use them is its own.
  for (const resource::v1::SharedPrivateLink& link : primary.shared_private_links()) {
    add(absl::StrCat("shared_private_link_approvals[", link.name(), "].status"),
        std::string(LinkStatus(ApprovalsOf(message), link)), "Pending");
  }
}

void AddInherited(const resource::v1::Resource& primary, Source set, Settings& settings) {
  const Texts standard = DefaultTexts(primary);
  for (auto& [path, text] : InheritedTexts(primary)) {
    const auto it = standard.find(path);
    const bool same = it != standard.end() && it->second == text;
    settings[path] = {text, same ? EffectiveConfiguration::SOURCE_DEFAULT : set};
  }
}

}  // namespace

EffectiveConfiguration EffectiveOf(const resource::v1::Resource& primary,
                                   const resource::v1::Replica* replica) {
  Settings settings;
  EffectiveConfiguration result;
  if (replica == nullptr) {
    result.set_name(primary.name());
    AddOwn(primary, primary, settings);
    AddInherited(primary, EffectiveConfiguration::SOURCE_OWN, settings);
  } else {
    result.set_name(replica->name());
    AddOwn(*replica, primary, settings);
    AddInherited(primary, EffectiveConfiguration::SOURCE_INHERITED, settings);
  }
  for (const auto& [path, value] : settings) {
    EffectiveConfiguration::Setting& setting = *result.add_settings();
    setting.set_path(path);
    setting.set_value(value.text);
    setting.set_source(value.source);
  }
  return result;
}

}  // namespace nonet::controlplane
