#include "edge/kafka/server.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "broker.h"
#include "io_thread.h"
#include "listener.h"

namespace dataflow::kafka {

namespace {

int thread_count(const KafkaOptions& options) {
  if (options.io_threads > 0) return options.io_threads;
  return std::max(2, static_cast<int>(std::thread::hardware_concurrency()) / 2);
}

}  // namespace

Broker::Broker(Env& env_in, log::Log& log_in, log::Groups& groups_in,
               log::Transactions& transactions_in, KafkaOptions options_in, Metrics* registry)
    : env(env_in),
      log(log_in),
      groups(groups_in),
      transactions(transactions_in),
      options(std::move(options_in)),
      memory(options.request_memory_bytes),
      unsent(options.request_memory_bytes),
      queued(options.request_memory_bytes),
      metrics(registry),
      control("kafka-control") {}

class KafkaServer::Impl {
 public:
  explicit Impl(std::shared_ptr<Broker> broker) : broker_(std::move(broker)) {}
  ~Impl() { stop(); }

  Status start() {
    DF_RETURN_IF_ERROR(check_handlers());
    for (int i = 0; i < thread_count(broker_->options); ++i) {
      threads_.push_back(
          std::make_shared<IoThread>(broker_->env, i, broker_->options.idle_timeout_ms));
    }
    DF_ASSIGN_OR_RETURN(listener_, Listener::open(broker_, threads_));
    port_ = listener_->port();
    listener_->start();
    for (const auto& thread : threads_) thread->start();
    return {};
  }

  void stop() {
    if (listener_) std::exchange(listener_, nullptr)->close();
    broker_->control.stop();
    for (const auto& thread : threads_) thread->stop();
    threads_.clear();
  }

  uint16_t port() const { return port_; }

 private:
  const std::shared_ptr<Broker> broker_;
  std::vector<std::shared_ptr<IoThread>> threads_;
  std::shared_ptr<Listener> listener_;
  uint16_t port_ = 0;
};

Result<std::unique_ptr<KafkaServer>> KafkaServer::start(Env& env, log::Log& log,
                                                        log::Groups& groups,
                                                        log::Transactions& transactions,
                                                        KafkaOptions options, Metrics* registry) {
  auto impl = std::make_unique<Impl>(
      std::make_shared<Broker>(env, log, groups, transactions, std::move(options), registry));
  DF_RETURN_IF_ERROR(impl->start());
  return std::unique_ptr<KafkaServer>(new KafkaServer(std::move(impl)));
}

KafkaServer::KafkaServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KafkaServer::~KafkaServer() = default;
uint16_t KafkaServer::port() const { return impl_->port(); }
void KafkaServer::stop() { impl_->stop(); }

}  // namespace dataflow::kafka
