"""Is the box as it should be: operators, processes, trunks, backups, books?"""

from __future__ import annotations

from typing import Final

from domain.inspection.facts import Facts
from domain.inspection.verdict import Result, Verdict

DAY: Final = 86400.0
IDLE_DAYS: Final = 90
BACKUP_WARN_HOURS: Final = 26
BACKUP_BAD_HOURS: Final = 50
DRILL_DAYS: Final = 95
"""A restore is tried once a quarter."""
LAG_WARN: Final = 1024 * 1024
LAG_BAD: Final = 8 * 1024 * 1024


def operators(facts: Facts) -> Result:
    """Have operators a second factor, and passwords of their own?"""
    name, found = "operators", [each for each in facts.box.operators if each.enabled]
    evidence = tuple(
        f"{each.name}: {'2FA' if each.second_factor else 'no 2FA'}{', first password' if each.first else ''}"
        for each in found
    )
    if not found:
        return Result(name, Verdict.BAD, "没有可用的操作员", "No operator can sign in")
    first = [each.name for each in found if each.first]
    if first:
        names = " ".join(first)
        return Result(
            name,
            Verdict.WARN,
            f"{names} 尚未修改初始密码",
            f"{names} has not changed the first password",
            evidence,
        )
    bare = [each.name for each in found if not each.second_factor]
    if bare:
        return Result(
            name, Verdict.WARN, f"{len(bare)} 个操作员未启用两步验证",
            f"{len(bare)} operators have no second factor", evidence,
        )  # fmt: skip
    return Result(name, Verdict.GOOD, "操作员均启用两步验证", "Every operator has a second factor", evidence)


def idle_operators(facts: Facts) -> Result:
    """Is any operator's access left lying?"""
    name = "idle_operators"
    idle = tuple(
        each.name for each in facts.box.operators
        if each.enabled and each.seen and facts.at - each.seen > IDLE_DAYS * DAY
    )  # fmt: skip
    if not idle:
        return Result(name, Verdict.GOOD, "无长期未用的会话", "No session lies unused")
    return Result(
        name,
        Verdict.WARN,
        f"{' '.join(idle)} 超过 {IDLE_DAYS} 天未登录",
        f"{' '.join(idle)}: not in for {IDLE_DAYS} days",
        idle,
    )


def processes(facts: Facts) -> Result:
    """Do all processes run?"""
    name, down = "processes", facts.box.processes_down
    if down is None:
        return Result(name, Verdict.UNKNOWN, "无法得知进程状态", "The processes are unknown")
    if not down:
        return Result(name, Verdict.GOOD, "平台进程全部运行", "Every process runs")
    return Result(
        name, Verdict.BAD, f"未运行的进程：{' '.join(down)}", f"Not running: {' '.join(down)}", down
    )


def critical_alarms(facts: Facts) -> Result:
    """Is any critical alarm left alone?"""
    name, found = "critical_alarms", facts.box.critical
    if found is None:
        return Result(name, Verdict.UNKNOWN, "信令进程无应答", "The SIP process does not answer")
    if not found:
        return Result(name, Verdict.GOOD, "无未处理的严重告警", "No critical alarm is left alone")
    return Result(
        name, Verdict.BAD, f"{len(found)} 个严重告警无人处理：{found[0][0]}",
        f"{len(found)} critical alarms are left alone: {found[0][1]}", tuple(zh for zh, _ in found),
    )  # fmt: skip


def trunks(facts: Facts) -> Result:
    """Are the trunks up?"""
    name, found = "trunks", facts.box.trunks
    if found is None:
        return Result(name, Verdict.UNKNOWN, "信令进程无应答", "The SIP process does not answer")
    evidence = tuple(f"{each.name}: {each.state} {each.detail}".rstrip() for each in found)
    used = [each for each in found if each.state != "off"]
    down = [each.name for each in used if each.state == "down"]
    if not used:
        return Result(name, Verdict.BAD, "没有启用的中继", "No trunk is in use", evidence)
    if down:
        verdict = Verdict.BAD
        return Result(
            name, verdict, f"中继不可用：{' '.join(down)}", f"Trunks down: {' '.join(down)}", evidence
        )
    return Result(name, Verdict.GOOD, f"{len(used)} 条中继均可用", f"{len(used)} trunks are up", evidence)


def backup(facts: Facts) -> Result:
    """Is the last good backup young enough?"""
    name, box = "backup", facts.box
    if not box.backup_to:
        return Result(name, Verdict.BAD, "未设置定时备份", "No scheduled backup is set up")
    evidence = (box.backup_to, *((box.backup_error,) if box.backup_error else ()))
    if not box.backup_at:
        return Result(name, Verdict.BAD, "尚无成功的备份", "There has been no good backup yet", evidence)
    hours = (facts.at - box.backup_at) / 3600
    verdict = (
        Verdict.BAD if hours > BACKUP_BAD_HOURS
        else Verdict.WARN if hours > BACKUP_WARN_HOURS or box.backup_error else Verdict.GOOD
    )  # fmt: skip
    return Result(
        name,
        verdict,
        f"上次成功备份在 {hours:.0f} 小时前",
        f"The last good backup is {hours:.0f} h old",
        evidence,
    )


def restore_drill(facts: Facts) -> Result:
    """Was a restore tried lately?"""
    name, box = "restore_drill", facts.box
    if box.drill_error:
        return Result(
            name, Verdict.BAD, "上次恢复演练失败", "The last restore drill failed", (box.drill_error,)
        )
    if not box.drill_at:
        return Result(name, Verdict.WARN, "尚未做过恢复演练", "No restore was ever tried")
    days = (facts.at - box.drill_at) / DAY
    verdict = Verdict.WARN if days > DRILL_DAYS else Verdict.GOOD
    return Result(
        name, verdict, f"上次恢复演练在 {days:.0f} 天前", f"The last restore drill was {days:.0f} days ago"
    )


def journal(facts: Facts) -> Result:
    """Has every line of the journal become a record?"""
    name, box = "journal", facts.box
    if box.journal_lag is None:
        return Result(name, Verdict.UNKNOWN, "入账进程未运行", "The ledger does not run")
    if box.store_down:
        return Result(name, Verdict.BAD, "话单无法入库", "Records cannot be committed", (box.store_down,))
    if box.journal_damaged:
        count = box.journal_damaged
        return Result(name, Verdict.BAD, f"通话日志有 {count} 行损坏", f"{count} journal lines are damaged")
    verdict = (
        Verdict.BAD if box.journal_lag > LAG_BAD
        else Verdict.WARN if box.journal_lag > LAG_WARN else Verdict.GOOD
    )  # fmt: skip
    kib = box.journal_lag / 1024
    return Result(
        name, verdict, f"未入账的通话日志 {kib:.0f} KiB", f"{kib:.0f} KiB of journal are no records yet"
    )


def books(facts: Facts) -> Result:
    """Do accounts, bills and call records agree?"""
    name, found = "books", facts.box.book_problems
    if found is None:
        return Result(name, Verdict.UNKNOWN, "账目未核对", "The books were not checked")
    if not found:
        return Result(name, Verdict.GOOD, "账目与话单一致", "Books and call records agree")
    return Result(
        name, Verdict.BAD, f"{len(found)} 处账目不平", f"{len(found)} differences in the books", found[:20]
    )


def recordings(facts: Facts) -> Result:
    """Did every recording get into the store?"""
    name, box = "recordings", facts.box
    if box.recordings_failed is None:
        return Result(name, Verdict.UNKNOWN, "录音进程未运行", "The recorder does not run")
    if box.recordings_failed or box.recordings_lost:
        return Result(
            name, Verdict.WARN, f"{box.recordings_failed} 个录音待人工处理，{box.recordings_lost} 个丢失",
            f"{box.recordings_failed} recordings wait for a person, {box.recordings_lost} are lost",
        )  # fmt: skip
    return Result(name, Verdict.GOOD, "录音均已入库", "Every recording is stored")
