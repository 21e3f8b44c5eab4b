"""The steps of an upgrade and its ends, in the words of people: English, Chinese."""

from __future__ import annotations

from typing import Final

from domain.upgrade.moves import Result, Step, Undo

STEPS: Final[dict[Step, tuple[str, str]]] = {
    Step.VERIFY: ("Check signature and version", "校验签名和版本"),
    Step.SPACE: ("Check disk space", "检查磁盘空间"),
    Step.INSTALL: ("Install beside the running version", "安装新版本（与当前版本并存）"),
    Step.WRITE: ("Write the new system into the idle slot", "将新系统写入备用系统分区"),
    Step.TRIAL: ("Test call with the new version", "用新版本试拨电话"),
    Step.DRAIN: ("Let calls end", "等待通话结束"),
    Step.STOP: ("Stop the box", "停止服务"),
    Step.SNAPSHOT: ("Keep the data to go back to", "保存数据快照"),
    Step.RESTART: ("Restart into the new system", "重启到新系统"),
    Step.EVOLVE: ("Bring the data to the new version", "升级数据结构"),
    Step.SWITCH: ("Switch to the new version", "切换到新版本"),
    Step.CONFIGURE: ("Configure the machine", "配置系统"),
    Step.START: ("Start the box", "启动服务"),
    Step.HEALTH: ("Check that the box is well", "检查运行状况"),
    Step.COMMIT: ("Keep the new version", "确认新版本"),
    Step.TIDY: ("Tidy up", "清理"),
}
UNDOS: Final[dict[Undo, tuple[str, str]]] = {
    Undo.STOP: ("Stop the new version", "停止新版本"),
    Undo.RESTART: ("Restart into the old system", "重启回原系统"),
    Undo.SWITCH: ("Switch back", "切换回原版本"),
    Undo.DATA: ("Put the data back", "恢复数据"),
    Undo.CONFIGURE: ("Configure the machine as before", "恢复系统配置"),
    Undo.START: ("Start the old version", "启动原版本"),
    Undo.HEALTH: ("Check that the old version is well", "检查原版本运行状况"),
    Undo.DRAIN: ("Take calls again", "恢复接入呼叫"),
    Undo.REMOVE: ("Remove the new version", "删除新版本"),
}
RESULTS: Final[dict[Result, tuple[str, str]]] = {
    Result.UPGRADED: ("Upgraded", "升级成功"),
    Result.REFUSED: ("Not begun, nothing was changed", "未升级，系统未改动"),
    Result.ROLLED_BACK: (
        "Rolled back: the old version runs with its data",
        "已回退：原版本和原数据已恢复运行",
    ),
    Result.BROKEN: ("Rolling back failed in part: look at once", "回退未能全部完成，请立即处理"),
}
