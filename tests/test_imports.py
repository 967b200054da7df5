"""Which module may know which, beyond the layers that import-linter holds."""

from graphlib import CycleError, TopologicalSorter

import grimp


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Not for its types either, and not within a function."""
    graph = grimp.build_graph("foretaste", exclude_type_checking_imports=False)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    try:
        TopologicalSorter(imports).prepare()
        cycle = []
    except CycleError as error:
        cycle = error.args[1]

    assert cycle == []


def test_behaviour_and_the_problems_of_http_do_not_know_each_other() -> None:
    graph = grimp.build_graph("foretaste")
    ingest, problems = "foretaste.behaviour.ingest", "foretaste.serve.http.problems"

    assert problems not in graph.find_upstream_modules(ingest)
    assert ingest not in graph.find_upstream_modules(problems)


SERVING = {"foretaste.cli.serve"}


def test_nothing_but_what_serves_brings_in_a_web_framework() -> None:
    graph = grimp.build_graph("foretaste", include_external_packages=True)
    users = graph.find_modules_that_directly_import("fastapi")

    assert users
    assert {module.split(".")[1] for module in users} == {"serve"}
    commands = {module for module in graph.modules if module.startswith("foretaste.cli.")}
    served = {
        module
        for module in commands
        for imported in graph.find_modules_directly_imported_by(module) - commands
        if users & {imported, *graph.find_upstream_modules(imported)}
    }
    assert served == SERVING
