// An engine in this process, and what its jobs need around it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/env.h"
#include "base/timer_queue.h"
#include "data_dir.h"
#include "engine/job.h"
#include "jobs/collect.h"
#include "log/groups.h"
#include "log/log.h"
#include "log/producer_ids.h"
#include "meta/store.h"

namespace dataflow::cli {

// Members are ended in the other order.
class LocalEngine {
 public:
  LocalEngine(Env& env, TimerQueue& timers, engine::Connectors& plugins, std::string dir)
      : env_(env), dir_(std::move(dir)), timers_(timers), plugins_(plugins) {}

  Status open();
  // A connector still holds a thread of the job, which uses all of this: it must not be destroyed.
  bool held_up() const { return engine_ != nullptr && engine_->held_up() > 0; }
  Status close();
  const std::string& dir() const { return dir_; }
  engine::Connectors& plugins() { return plugins_; }
  engine::Engine& engine() { return *engine_; }
  jobs::CollectConnectors& connectors() { return *collect_; }

 private:
  Env& env_;
  const std::string dir_;
  server::DataDir data_;
  std::unique_ptr<meta::Store> store_;
  TimerQueue& timers_;
  engine::Connectors& plugins_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<log::Groups> groups_;
  std::unique_ptr<log::ProducerIds> producer_ids_;
  std::unique_ptr<engine::Connectors> connectors_;
  std::unique_ptr<jobs::CollectConnectors> collect_;
  std::unique_ptr<engine::Engine> engine_;
};

// `run` gets an engine over that folder (empty: a temporary one), and opens and closes it. What a
// connector holds beyond that is left to it.
Status with_local_engine(const std::string& data_dir, const std::string& plugins_dir,
                         const std::function<Status(LocalEngine&)>& run);

}  // namespace dataflow::cli
