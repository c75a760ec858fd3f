"""How Chinese words sound, for those who type `tuikuan` or `tk` where 退款 stands. Pure.

Written without phrases: a dictionary of them costs 45 MB in every process and settles which one reading is meant, while
a search is better served by every reading that a letter has in daily use.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Final

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # read when it is imported

from pypinyin import Style, pinyin

LONGEST: Final = 200  # characters of a text that are read: a title
# What letters are read as besides the first reading of a dictionary. Letters whose readings differ in tone only need
# no row, and rare readings have none: each would find what nobody meant.
_READINGS: Final = """
差 chai/ci, 了 liao, 模 mu, 似 shi, 和 huo, 见 xian, 朝 zhao, 长 chang, 属 zhu, 宿 xiu, 藏 zang, 度 duo, 弹 tan,
行 hang, 扎 za, 钥 yue, 还 huan, 抹 ma, 省 xing, 折 she, 降 xiang, 解 xie, 系 ji, 脉 mo, 传 zhuan, 遗 wei,
觉 jiao, 角 jue, 的 di, 都 du, 重 chong, 血 xie, 巷 hang, 攒 cuan, 恶 wu, 亲 qing, 色 shai, 乘 sheng, 率 shuai,
校 jiao, 调 tiao, 咽 ye, 塞 sai/se, 乐 yue, 奇 ji, 埋 man, 便 pian, 什 shi, 择 zhai, 曾 zeng, 着 zhuo/zhao,
称 chen, 粘 zhan/nian, 否 pi, 辟 pi, 露 lou, 雀 qiao, 阿 e, 泊 po, 弄 long, 查 zha, 盛 cheng, 勒 lei, 薄 bao/bo,
参 shen/cen, 迫 pai, 提 di, 强 jiang, 核 hu, 没 mo, 剥 bao/bo, 给 ji, 谁 shui/shei, 纤 qian, 壳 qiao,
仔 zai/zi, 俩 liang, 缩 su, 圈 juan, 卡 qia, 陆 liu, 颤 zhan, 削 xue/xiao, 呢 ni, 堡 pu, 厦 sha/xia, 扒 pa,
绿 lu, 吓 he, 咳 hai, 囤 tun/dun, 屏 bing, 磅 pang, 娜 nuo, 拓 ta, 茄 jia, 地 de/di, 得 dei, 大 dai, 会 kuai,
单 shan, 车 ju, 落 la/lao, 熟 shou, 尺 che, 种 chong, 石 dan, 万 mo, 侧 zhai, 嘛 ma, 喝 he, 哪 na/nei,
那 na/nei, 这 zhe/zhei, 柏 bo, 秘 bi, 臭 xiu, 炮 bao, 片 pian, 尽 jin, 儿 er, 干 gan
"""
_ALSO: Final = {row.split()[0]: row.split()[1].split("/") for row in _READINGS.split(",")}
_WORD: Final = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]")
_TYPED: Final = re.compile(r"[a-z0-9]+")


@lru_cache(maxsize=20_000)
def spell(text: str) -> str:
    """重庆 → `chong|zhong qing`: syllables with a space between, the readings of one with a bar, the usual first.

    What is no Chinese goes in lower case as it is: `7 tian`, `vip ka|qia`. ü is v, as it is typed. Signs fall away.
    """
    return " ".join(_read(word) for word in _WORD.findall(text[:LONGEST].lower()))


def sounds_like(spelling: str, typed: str) -> bool:
    """Whether `typed` says some syllables that follow each other, each by its beginning.

    `tuikuan`, `tk`, `tuik` and `tkuan` all say 退款, `cq` and `chongqing` 重庆. static/js/sounds.js is the same.
    """
    syllables = [syllable.split("|") for syllable in spelling.split()]
    typed = "".join(_TYPED.findall(typed.lower()))
    return bool(typed) and any(_says(syllables[at:], typed) for at in range(len(syllables)))


def _says(syllables: Sequence[Sequence[str]], typed: str) -> bool:
    """Whether it begins with the first of them. `said` holds how much of it can be said so far."""
    said = {0}
    for readings in syllables:
        said = {at + many for at in said for reading in readings for many in range(1, _shared(reading, typed[at:]) + 1)}
        if not said or len(typed) in said:
            break
    return len(typed) in said


def _shared(reading: str, typed: str) -> int:
    """How many letters both begin with."""
    pairs = zip(reading, typed, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _read(word: str) -> str:
    if word.isascii():
        return word
    first = pinyin(word, style=Style.NORMAL)[0][0]
    also = _ALSO.get(word, ())
    return "|".join(dict.fromkeys((first, *also))) if first.isascii() else word
