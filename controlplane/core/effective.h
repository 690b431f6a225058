// What holds on one instance, and where each setting comes from. Pure.
#pragma once

#include "controlplane/core/object.h"
#include "nonet/resource/v1/resource_service.pb.h"

namespace nonet::controlplane {

// `replica` is nullptr for the primary's instance. A setting that equals its default counts as set by nobody.
resource::v1::EffectiveConfiguration EffectiveOf(const resource::v1::Resource& primary,
                                                 const resource::v1::Replica* replica);

}  // namespace nonet::controlplane
