// Topics by their ids, for requests that name them so. A picture of one moment, made for one
// request.
#pragma once

#include <map>
#include <string>

#include "base/uuid.h"
#include "log/log.h"

namespace dataflow::kafka {

class TopicIds {
 public:
  explicit TopicIds(const log::Log& log) {
    for (const log::TopicInfo& topic : log.topics()) names_.emplace(topic.id, topic.name);
  }
  // nullptr if no topic has the id.
  const std::string* name_of(const Uuid& id) const {
    auto found = names_.find(id);
    return found == names_.end() ? nullptr : &found->second;
  }

 private:
  std::map<Uuid, std::string> names_;
};

}  // namespace dataflow::kafka
