"""Configuration file with which a stock TF Serving serves all exports."""

import json
import shlex
from pathlib import Path
from string import Template

from ulk_tf.errors import UserError
from ulk_tf.files import write_text
from ulk_tf.serving.export import versions

CONFIG = "models.config"
IMAGE = "tensorflow/serving"
BLOCK = Template("""  config {
    name: "$name"
    base_path: "/models/$name"
    model_platform: "tensorflow"
  }
""")
GRPC_PORT, REST_PORT = 8500, 8501


def write_config(export_dir: Path) -> tuple[Path, list[str]]:
    """Write `models.config` for all exports.

    Args:
        export_dir: the folder of all exports.

    Returns:
        The path of the file, and the names of the models.

    Raises:
        UserError: `export_dir` holds no export.
    """
    homes = sorted(export_dir.iterdir()) if export_dir.is_dir() else []
    names = [home.name for home in homes if not home.name.startswith(".") and versions(home)]
    if not names:
        raise UserError(
            f"exports in {export_dir}", "none", "Train one: python -m trainers.li --preset=quick"
        )
    blocks = "".join(BLOCK.substitute(name=json.dumps(name)[1:-1]) for name in names)
    path = export_dir / CONFIG
    write_text(path, f"model_config_list {{\n{blocks}}}\n")
    return path, names


def docker_command(export_dir: Path) -> str:
    """Return the shell command that serves the exports on 127.0.0.1, after `write_config`.

    Args:
        export_dir: the folder of all exports.
    """
    folder = shlex.quote(f"{export_dir.resolve()}:/models:ro")
    return (
        f"docker run --rm {' '.join(f'-p 127.0.0.1:{p}:{p}' for p in (GRPC_PORT, REST_PORT))} "
        f"-v {folder} {IMAGE} --model_config_file=/models/{CONFIG}"
    )
