// The line editor over a terminal that is typed on by a script and drawn into memory.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/sql/line_editor.h"
#include "cli/sql/sql_completer.h"
#include "cli/sql/statement_splitter.h"
#include "cli/sql/text_width.h"

namespace dataflow::cli {
namespace {

// What a terminal would show: enough of its language for what the editor writes.
class Screen {
 public:
  Screen(size_t rows, size_t columns) : rows_(rows), columns_(columns), lines_(rows) {}

  void write(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      if (text[at] == '\x1b') {
        at = control(text, at + 1);
        continue;
      }
      const size_t end = next_character(text, at);
      put(text.substr(at, end - at));
      at = end;
    }
  }
  // The lines that have something on them, `|` where the cursor is.
  std::string shown() const {
    size_t last = row_;
    for (size_t i = 0; i < rows_; ++i) {
      if (!line(i).empty()) last = std::max(last, i);
    }
    std::string out;
    for (size_t i = 0; i <= last; ++i) out += line(i, i == row_) + "\n";
    return out;
  }

 private:
  std::string line(size_t i, bool with_cursor = false) const {
    std::vector<std::string> cells = lines_[i];
    if (with_cursor) {
      cells.resize(std::max(cells.size(), column_), " ");
      cells.insert(cells.begin() + static_cast<ptrdiff_t>(column_), "|");
    }
    std::string text;
    for (const std::string& cell : cells) text += cell;
    while (text.ends_with(' ')) text.pop_back();
    return text;
  }
  size_t control(std::string_view text, size_t at) {
    EXPECT_EQ(text[at], '[');
    std::string number;
    for (++at; text[at] < '@' || text[at] > '~'; ++at) number += text[at];
    const size_t count = number.empty() || number[0] == '?' ? 1 : std::stoul(number);
    switch (text[at]) {
      case 'A': row_ -= std::min(count, row_); break;
      case 'C': column_ = std::min(column_ + count, columns_ - 1); break;
      case 'H': row_ = column_ = 0; break;
      case 'J':
        for (size_t i = number == "2" ? 0 : row_ + 1; i < rows_; ++i) lines_[i].clear();
        if (number != "2") lines_[row_].resize(std::min(lines_[row_].size(), column_));
        break;
      case 'K': lines_[row_].resize(std::min(lines_[row_].size(), column_)); break;
      default: break;
    }
    return at + 1;
  }
  void new_line() {
    if (row_ + 1 < rows_) {
      ++row_;
      return;
    }
    lines_.erase(lines_.begin());
    lines_.emplace_back();
  }
  void put(std::string_view text) {
    if (text == "\r") {
      column_ = 0;
    } else if (text == "\n") {
      new_line();
    } else {
      const size_t width = columns_of(text);
      ASSERT_LE(column_ + width, columns_) << "the editor left it to the terminal to wrap";
      std::vector<std::string>& cells = lines_[row_];
      cells.resize(std::max(cells.size(), column_ + width), " ");
      cells[column_] = text;
      if (width == 2) cells[column_ + 1] = "";
      column_ += width;
    }
  }

  size_t rows_;
  size_t columns_;
  std::vector<std::vector<std::string>> lines_;  // a cell for each column
  size_t row_ = 0;
  size_t column_ = 0;
};

class ScriptedTerminal final : public RawTerminal {
 public:
  ScriptedTerminal(std::string keys, ScreenSize size)
      : keys_(std::move(keys)), size_(size), screen_(size.rows, size.columns) {}

  Read read(char& byte, int wait_ms) override {
    // `\0` in the script: nothing more comes for now.
    if (at_ < keys_.size() && keys_[at_] == '\0') {
      ++at_;
      if (wait_ms >= 0) return Read::kNothing;
    }
    if (at_ == keys_.size()) {
      if (before_end_.empty()) before_end_ = screen_.shown();
      return Read::kEnd;
    }
    byte = keys_[at_++];
    return Read::kByte;
  }
  void write(std::string_view text) override { screen_.write(text); }
  ScreenSize size() override { return size_; }

  // When all keys were read.
  const std::string& before_end() const { return before_end_; }
  std::string shown() const { return screen_.shown(); }

 private:
  std::string keys_;
  size_t at_ = 0;
  ScreenSize size_;
  Screen screen_;
  std::string before_end_;
};

bool whole(const std::string& text) {
  if (text.empty() || text[0] == '\\') return true;
  StatementSplitter splitter;
  splitter.add(text + "\n");
  while (splitter.next()) continue;
  return splitter.open() == 0;
}

const std::vector<SqlRelation> kRelations = {
    {"orders", "table", {{"id", "BIGINT"}, {"item", "STRING"}, {"price", "DOUBLE"}}, {"id"}, ""},
    {"order_totals", "materialized view", {{"item", "STRING"}, {"total", "DOUBLE"}}, {}, ""},
    {"per minute", "view", {{"n", "BIGINT"}}, {}, ""},
};

struct Bed {
  explicit Bed(std::string keys, ScreenSize size = {10, 40}) : terminal(std::move(keys), size) {}

  LineEditor::Entered read() {
    EditorHooks hooks;
    hooks.is_whole = whole;
    hooks.prompts = [](const std::string& text) {
      return std::vector<std::string>(
          static_cast<size_t>(std::count(text.begin(), text.end(), '\n')), "-> ");
    };
    hooks.complete = [](const std::string& text, size_t cursor) {
      return complete_sql(text, cursor, kRelations);
    };
    return LineEditor(terminal, history, std::move(hooks)).read("q> ");
  }

  ScriptedTerminal terminal;
  History history;
};

// What is entered by these keys.
std::string entered(const std::string& keys, const std::vector<std::string>& history = {}) {
  Bed bed(keys);
  for (const std::string& entry : history) EXPECT_TRUE(bed.history.add(entry).ok());
  const LineEditor::Entered got = bed.read();
  EXPECT_EQ(got.end, LineEditor::End::kEntered) << keys;
  return got.text;
}

// What stands on the screen behind these keys.
std::string screen(const std::string& keys, ScreenSize size = {10, 40}) {
  Bed bed(keys, size);
  EXPECT_EQ(bed.read().end, LineEditor::End::kEndOfText);
  return bed.terminal.before_end();
}

constexpr const char* kLeft = "\x1b[D";
constexpr const char* kUp = "\x1b[A";
constexpr const char* kDown = "\x1b[B";
const std::string kHome = "\x1b[H";
const std::string kEnd = "\x1b[F";
const std::string kWordLeft = "\x1b[1;5D";

TEST(LineEditor, TakesALine) {
  EXPECT_EQ(entered("SELECT 1;\r"), "SELECT 1;");
  EXPECT_EQ(entered("\r"), "");
  EXPECT_EQ(screen("SELECT 1"), "q> SELECT 1|\n");
}

TEST(LineEditor, GoesOnUntilTheStatementEnds) {
  EXPECT_EQ(entered("SELECT\r1\r;\r"), "SELECT\n1\n;");
  EXPECT_EQ(entered("SELECT ';\r';\r"), "SELECT ';\n';");
  EXPECT_EQ(screen("SELECT\r1"), "q> SELECT\n-> 1|\n");
}

TEST(LineEditor, MovesAndDeletes) {
  EXPECT_EQ(entered("ELECT 1" + kHome + "S" + kEnd + ";\r"), "SELECT 1;");
  EXPECT_EQ(entered(std::string("ac;") + kLeft + kLeft + "b\r"), "abc;");
  EXPECT_EQ(entered("a bb cc;" + kWordLeft + kWordLeft + "x\r"), "a xbb cc;");
  EXPECT_EQ(entered("a bb cc\x17\x17z;\r"), "a z;");
  EXPECT_EQ(entered("abc def\x01\x0bx;\r"), "x;");
  EXPECT_EQ(entered("abc def\x15y;\r"), "y;");
  EXPECT_EQ(entered("abc\x15x\x19;\r"), "xabc;");
  EXPECT_EQ(entered("abcd\x7f\x08;\r"), "ab;");
  EXPECT_EQ(entered("ab;\x01\x04\r"), "b;");
  EXPECT_EQ(entered("a b;\x01\x1b"
                    "d\x05\r"),
            " b;");
  EXPECT_EQ(entered("ab\x02\x1b[3~;\r"), "a;");
}

TEST(LineEditor, MovesWithinMoreThanOneLine) {
  EXPECT_EQ(screen(std::string("SELECT\rabc") + kUp), "q> SEL|ECT\n-> abc\n");
  EXPECT_EQ(screen(std::string("SELECT\rabc") + kUp + "X" + kDown), "q> SELXECT\n-> abc|\n");
  EXPECT_EQ(entered(std::string("a\rb;") + kUp + kHome + "x\r"), "xa\nb;");
  // At the end of a line Ctrl-K takes the line's end.
  EXPECT_EQ(entered(std::string("a\rb;") + kUp + kEnd + "\x0b\r"), "ab;");
  EXPECT_EQ(entered("a;\x1b\rb;\r"), "a;\nb;");
}

TEST(LineEditor, DrawsWideCharactersAndWraps) {
  EXPECT_EQ(screen("日本語", {5, 8}), "q> 日本\n語|\n");
  EXPECT_EQ(screen("abcdefgh", {5, 8}), "q> abcde\nfgh|\n");
  EXPECT_EQ(screen("abcde", {5, 8}), "q> abcde\n|\n");
  EXPECT_EQ(screen(std::string("日本") + kLeft, {5, 20}), "q> 日|本\n");
  EXPECT_EQ(screen("u\xCC\x88x\x7f\x7f"
                   "y",
                   {5, 20}),
            "q> y|\n");
}

TEST(LineEditor, ShowsWhatIsAroundTheCursorOfALongText) {
  std::string keys = "a";
  for (int i = 1; i < 9; ++i) keys += "\r" + std::to_string(i);
  EXPECT_EQ(screen(keys, {4, 20}), "-> 5\n-> 6\n-> 7\n-> 8|\n");
  for (int i = 0; i < 8; ++i) keys += kUp;
  EXPECT_EQ(screen(keys, {4, 20}), "q> a|\n-> 1\n-> 2\n-> 3\n");
}

TEST(LineEditor, TakesWhatIsPasted) {
  EXPECT_EQ(entered("\x1b[200~SELECT 1,\r\n\t2;\n\x1b[201~\r"), "SELECT 1,\n\t2;");
  EXPECT_EQ(entered("\x1b[200~a;\nb;\x03\x1b[201~\r"), "a;\nb;");
}

TEST(LineEditor, GoesThroughHistory) {
  const std::vector<std::string> history = {"one;", "two\nlines;", "three;"};
  EXPECT_EQ(entered(std::string(kUp) + "\r", history), "three;");
  EXPECT_EQ(entered(std::string(kUp) + kUp + "\r", history), "two\nlines;");
  EXPECT_EQ(entered(std::string(kUp) + kUp + kUp + kUp + "\r", history), "one;");
  // Down again to what was being written.
  EXPECT_EQ(entered(std::string("x") + kUp + kDown + ";\r", history), "x;");
  EXPECT_EQ(entered("\x10\x10\x10\x0e\x0e\x0e"
                    "y;\r",
                    history),
            "y;");
}

TEST(LineEditor, SearchesInHistory) {
  const std::vector<std::string> history = {"SELECT a;", "SELECT b;", "DROP c;"};
  EXPECT_EQ(entered("\x12SEL\r", history), "SELECT b;");
  EXPECT_EQ(entered("\x12SEL\x12\r", history), "SELECT a;");
  EXPECT_EQ(entered(std::string("\x12"
                                "DROP") +
                        kEnd + "\x7fx;\r",
                    history),
            "DROP cx;");
  EXPECT_EQ(entered("x\x12SEL\x07;\r", history), "x;");
  EXPECT_EQ(entered("\x12SELx\x7f\x12\r", history), "SELECT a;");
  Bed bed(
      "\x12"
      "zz");
  EXPECT_TRUE(bed.history.add("SELECT a;").ok());
  (void)bed.read();
  EXPECT_EQ(bed.terminal.before_end().substr(0, 19), "(nothing found) zz:");
}

TEST(LineEditor, EndsByControlCAndControlD) {
  Bed cancelled("SELECT 1\x03");
  EXPECT_EQ(cancelled.read().end, LineEditor::End::kCancelled);
  EXPECT_EQ(cancelled.terminal.shown(), "q> SELECT 1\n|\n");
  EXPECT_EQ(Bed("\x04").read().end, LineEditor::End::kEndOfText);
  EXPECT_EQ(Bed("").read().end, LineEditor::End::kEndOfText);
}

TEST(LineEditor, IgnoresWhatItDoesNotKnow) {
  EXPECT_EQ(entered("a\x1b[99;9~\x1b[Z\x1bOP\xff\x0f;\r"), "a;");
  EXPECT_EQ(entered(std::string("a\x1b\0;\r", 5)), "a;");
}

TEST(LineEditor, CompletesAndLists) {
  EXPECT_EQ(entered("sel\t1;\r"), "select 1;");
  EXPECT_EQ(entered("SELECT * FROM orders WHERE pric\t> 1;\r"),
            "SELECT * FROM orders WHERE price > 1;");
  EXPECT_EQ(screen("SELECT * FROM or\t"), "q> SELECT * FROM order|\n");
  EXPECT_EQ(screen("SELECT * FROM or\t\t"),
            "q> SELECT * FROM order\norder_totals  orders\nq> SELECT * FROM order|\n");
  EXPECT_EQ(screen("x\t"), "q> x|\n");
}

std::vector<std::string> choices(const std::string& text) {
  return complete_sql(text, text.size(), kRelations).choices;
}
using Choices = std::vector<std::string>;

TEST(SqlCompleter, KnowsWhatStandsWhere) {
  EXPECT_EQ(choices("SELECT * FROM "), (Choices{"`per minute`", "order_totals", "orders"}));
  EXPECT_EQ(choices("INSERT INTO ORDERS"), (Choices{"orders"}));
  EXPECT_EQ(choices("DROP TABLE o"), (Choices{"order_totals", "orders"}));
  EXPECT_EQ(choices("SUBSCRIBE TO order_"), (Choices{"order_totals"}));
  EXPECT_EQ(choices("SELECT o.p"), Choices{});
  EXPECT_EQ(complete_sql("SELECT o.p FROM orders AS o", 10, kRelations).choices,
            (Choices{"price"}));
  EXPECT_EQ(complete_sql("SELECT o.it FROM orders o", 11, kRelations).choices, (Choices{"item"}));
  EXPECT_EQ(choices("SELECT orders."), (Choices{"id", "item", "price"}));
  EXPECT_EQ(complete_sql("SELECT  FROM orders", 7, kRelations).choices,
            (Choices{"id", "item", "price"}));
  EXPECT_EQ(choices("SELECT char_le"), (Choices{"char_length("}));
  EXPECT_EQ(choices("CREATE MATER"), (Choices{"MATERIALIZED VIEW"}));
  EXPECT_EQ(choices("show vi"), (Choices{"view", "views"}));
}

TEST(SqlCompleter, SaysNothingWithinTextsAndComments) {
  EXPECT_EQ(choices("SELECT 'sel"), Choices{});
  EXPECT_EQ(choices("SELECT -- sel"), Choices{});
  EXPECT_EQ(choices("SELECT /* sel"), Choices{});
  EXPECT_EQ(choices("SELECT 'a' FROM orders WHERE it"), (Choices{"item"}));
}

TEST(SqlCompleter, CompletesItsOwnCommands) {
  EXPECT_EQ(choices("\\ti"), (Choices{"\\timing"}));
  EXPECT_EQ(choices("\\d or"), (Choices{"orders", "order_totals"}));
  EXPECT_EQ(choices("\\format m"), (Choices{"markdown"}));
}

class HistoryFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "sql_history_" + std::to_string(getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    path_ = folder_ + "/below/sql_history";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(HistoryFile, IsKeptForItsOwnerAlone) {
  History first(path_);
  for (const char* entry : {"SELECT 1;", "SELECT\n'a\\nb';", "SELECT\n'a\\nb';", " secret;", ""}) {
    EXPECT_TRUE(first.add(entry).ok());
  }
  struct stat facts = {};
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  const History again(path_);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0], "SELECT 1;");
  EXPECT_EQ(again[1], "SELECT\n'a\\nb';");
}

TEST_F(HistoryFile, KeepsNoMoreThanItsLimits) {
  History many(path_);
  for (size_t i = 0; i < History::kMostEntries + 100; ++i) {
    EXPECT_TRUE(many.add("SELECT " + std::to_string(i) + ";").ok());
  }
  EXPECT_EQ(many.size(), History::kMostEntries);
  const History cut(path_);
  EXPECT_EQ(cut.size(), History::kMostEntries);
  EXPECT_EQ(cut[0], "SELECT 100;");
  std::ifstream file(path_);
  EXPECT_EQ(std::count(std::istreambuf_iterator<char>(file), {}, '\n'),
            static_cast<ptrdiff_t>(History::kMostEntries));
  const std::string long_entry(History::kLongestEntry + 1, 'x');
  EXPECT_TRUE(many.add(long_entry).ok());
  EXPECT_EQ(many.size(), History::kMostEntries);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(many.add(std::to_string(i) + long_entry.substr(10)).ok());
  }
  EXPECT_LT(History(path_).size(), 20u);
}

}  // namespace
}  // namespace dataflow::cli
