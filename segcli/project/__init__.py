"""segcli.yaml and recipes -> frozen models, with the place each value came from."""

from segcli.project.projects import load_project
from segcli.project.recipe_choice import builtin_vocabulary, shipped_recipes
from segcli.project.recipes import load_recipe
from segcli.project.schema import project_schema, recipe_schema

__all__ = ["builtin_vocabulary", "load_project", "load_recipe", "project_schema", "recipe_schema", "shipped_recipes"]
