// What clients ask, word for word, and what they get: catalog_clients/*.txt, each of questions in
// the form
//   ? parameters as 'text' or NULL, where there are any
//   statement
//   =
//   columns, with their OIDs
//   rows
// and an empty line. MEETINGS, JOINS, BUSY, BUSIEST and PKEY stand for the OIDs of the relations of
// these names, and of the key of meetings. With DATAFLOW_WRITE_GOLDENS in the environment the
// answers are written anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "duck_catalog.h"
#include "fake_relations.h"

namespace dataflow::postgres {
namespace {

namespace fs = std::filesystem;

fs::path goldens() { return DATAFLOW_CATALOG_CLIENTS; }

struct Question {
  std::string parameters, statement, answer;
};

std::vector<Question> read_questions(const fs::path& path) {
  std::vector<Question> out;
  std::ifstream file(path);
  std::string line;
  bool in_answer = false;
  while (std::getline(file, line)) {
    if (line.starts_with("?")) {
      out.push_back({line, "", ""});
      in_answer = false;
    } else if (line == "=") {
      in_answer = true;
    } else if (!out.empty() && !(in_answer && line.empty())) {
      (in_answer ? out.back().answer : out.back().statement) += line + "\n";
    }
  }
  return out;
}

void put_oids(CatalogQueries& catalog, std::string& text) {
  for (const auto& [name, relation] : {std::pair{"MEETINGS", "meetings"},
                                       {"JOINS", "joins"},
                                       {"BUSY", "busy"},
                                       {"BUSIEST", "busiest"},
                                       {"PKEY", "meetings_pkey"}}) {
    if (text.find(name) == std::string::npos) continue;
    const auto oid = catalog.ask("SELECT to_regclass($1)", {relation});
    ASSERT_TRUE(oid.ok()) << oid.status();
    const std::string digits = oid->rows[0][0].to_string();
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      text.replace(at, std::string_view(name).size(), digits);
    }
  }
}

// ? 'a' NULL 'b'
CatalogQueries::Answer ask(CatalogQueries& catalog, Question question, Status& status) {
  put_oids(catalog, question.parameters);
  put_oids(catalog, question.statement);
  std::vector<std::optional<std::string>> parameters;
  std::istringstream words(question.parameters.substr(1));
  for (std::string word; words >> word;) {
    if (word == "NULL") {
      parameters.emplace_back();
    } else {
      parameters.emplace_back(word.substr(1, word.size() - 2));
    }
  }
  Result<CatalogQueries::Answer> answer = catalog.ask(question.statement, parameters);
  status = answer.status();
  return answer.ok() ? std::move(*answer) : CatalogQueries::Answer();
}

std::string text_of(const CatalogQueries::Answer& answer) {
  std::string out;
  for (size_t i = 0; i < answer.columns.size(); ++i) {
    out += (i == 0 ? "" : " | ") + answer.columns[i].name;
    if (answer.oids[i] != 0) out += ":" + std::to_string(answer.oids[i]);
  }
  out += "\n";
  for (const jobs::Row& row : answer.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      std::string cell = row[i].to_string();
      for (char& c : cell) c = c == '\n' ? ' ' : c;
      out += (i == 0 ? "" : " | ") + (cell.empty() ? "''" : cell);
    }
    out += "\n";
  }
  return out;
}

class CatalogClients : public testing::TestWithParam<const char*> {};

TEST_P(CatalogClients, GetTheirAnswers) {
  FakeRelations service(some_relations());
  const auto catalog = make_duck_catalog(service);
  const fs::path path = goldens() / GetParam();
  std::vector<Question> questions = read_questions(path);
  ASSERT_FALSE(questions.empty()) << path;
  const bool write = std::getenv("DATAFLOW_WRITE_GOLDENS") != nullptr;
  std::string all;
  for (const Question& question : questions) {
    EXPECT_TRUE(catalog->answers(question.statement)) << question.statement;
    Status status;
    const CatalogQueries::Answer answer = ask(*catalog, question, status);
    EXPECT_TRUE(status.ok()) << status.message() << "\n" << question.statement;
    const std::string text = status.ok() ? text_of(answer) : status.message() + "\n";
    if (!write) {
      EXPECT_EQ(text, question.answer) << question.statement;
    }
    all += question.parameters + "\n" + question.statement + "=\n" + text + "\n";
  }
  if (write) std::ofstream(path) << all;
}

INSTANTIATE_TEST_SUITE_P(AsTheyAsk, CatalogClients,
                         testing::Values("psql.txt", "pgjdbc.txt", "psycopg.txt", "sqlalchemy.txt",
                                         "drivers.txt", "tools.txt"),
                         [](const auto& info) {
                           const std::string name = info.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace dataflow::postgres
