#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tests/readmes.py finds."""
import pathlib
import tempfile
import unittest

import readmes

PAGE = """# tenon
```cpp
int answer();                     // greeter.hpp: shared
```
## Try it
```sh
c++ -Iinclude examples/hello/main.cpp -o hello
```
[rules](docs/README.md#some-rules), [elsewhere](https://example.org/x)
"""


class Readmes(unittest.TestCase):
    def faults(self, page=PAGE):
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            for name, text in {'README.md': page, 'docs/README.md': '## Some rules\n', 'examples/hello/main.cpp': '',
                               'examples/hello/greeter.hpp': 'int answer();\n'}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return [fault.replace(f'{root}/', '') for fault in readmes.faults(root)]

    def test_what_is_there_is_fine(self):
        self.assertEqual(self.faults(), [])

    def test_links_lead_somewhere(self):
        self.assertEqual(self.faults(PAGE.replace('docs/README.md#', 'docs/NONE.md#')),
                         ['README.md: the link to docs/NONE.md#some-rules leads nowhere'])
        self.assertEqual(self.faults(PAGE.replace('#some-rules', '#other')),
                         ['README.md: there is no heading for the link to docs/README.md#other'])

    def test_commands_name_what_is_there(self):
        self.assertEqual(self.faults(PAGE.replace('hello/main', 'hello/none')),
                         ['README.md: a command names examples/hello/none.cpp, which is not there'])

    def test_the_first_screen_is_the_example(self):
        self.assertIn('greeter.hpp has lines that', self.faults(PAGE.replace('int answer', 'int question'))[0])

    def test_the_first_page_is_short(self):
        self.assertIn('README.md has 228 lines', self.faults(PAGE + '\n' * 219)[0])


if __name__ == '__main__':
    unittest.main()
