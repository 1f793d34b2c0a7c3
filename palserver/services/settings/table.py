"""The options of PalWorldSettings.ini that we know: the template of game 1.0, in its order.

The misspellings (`Decreace`) and the uneven capitals (`HP`, `Hp`) are the game's own; mended ones would be
unknown keys, which the game ignores without a word.
"""

from __future__ import annotations

import msgspec

# Key, type, group, limits or choices, danger, default as the file has it. A danger that only one value brings
# names it. Limits are the official ones where there are any, else those that players have found sensible.
TABLE = """
Difficulty enum world None|Casual|Normal|Hard - None
RandomizerType enum world None|Region|All - None
RandomizerSeed string world - - ""
bIsRandomizerPalLevelRandom bool world - - False
DayTimeSpeedRate float world 0.1..5 - 1.000000
NightTimeSpeedRate float world 0.1..5 - 1.000000
ExpRate float player 0.1..20 - 1.000000
PalCaptureRate float pals 0.5..2 - 1.000000
PalSpawnNumRate float pals 0.5..20 load 1.000000
PalDamageRateAttack float pals 0.1..5 - 1.000000
PalDamageRateDefense float pals 0.1..5 - 1.000000
PlayerDamageRateAttack float player 0.1..5 - 1.000000
PlayerDamageRateDefense float player 0.1..5 - 1.000000
PlayerStomachDecreaceRate float player 0.1..20 - 1.000000
PlayerStaminaDecreaceRate float player 0.1..20 - 1.000000
PlayerAutoHPRegeneRate float player 0.1..20 - 1.000000
PlayerAutoHpRegeneRateInSleep float player 0.1..20 - 1.000000
PalStomachDecreaceRate float pals 0.1..20 - 1.000000
PalStaminaDecreaceRate float pals 0.1..20 - 1.000000
PalAutoHPRegeneRate float pals 0.1..20 - 1.000000
PalAutoHpRegeneRateInSleep float pals 0.1..20 - 1.000000
BuildObjectHpRate float guild 0.1..20 - 1.000000
BuildObjectDamageRate float guild 0.1..20 - 1.000000
BuildObjectDeteriorationDamageRate float guild 0..20 - 1.000000
CollectionDropRate float items 0.5..20 - 1.000000
CollectionObjectHpRate float items 0.5..20 - 1.000000
CollectionObjectRespawnSpeedRate float items 0.5..20 - 1.000000
EnemyDropItemRate float items 0.5..20 - 1.000000
DeathPenalty enum player None|Item|ItemAndEquipment|All changes_play Item
bEnablePlayerToPlayerDamage bool pvp - - False
bEnableFriendlyFire bool pvp - - False
bEnableInvaderEnemy bool world - - True
bActiveUNKO bool pals - load=True False
bEnableAimAssistPad bool player - - True
bEnableAimAssistKeyboard bool player - - False
DropItemMaxNum int items 0..5000 load 3000
PhysicsActiveDropItemMaxNum int items -1..5000 load -1
DropItemMaxNum_UNKO int pals 0.. - 100
BaseCampMaxNum int guild 1..1024 load 128
BaseCampWorkerMaxNum int guild 1..50 load 15
DropItemAliveMaxHours float items 0..24 - 1.000000
bAutoResetGuildNoOnlinePlayers bool guild - destroys_data=True False
AutoResetGuildTimeNoOnlinePlayers float guild 1..720 destroys_data 72.000000
GuildPlayerMaxNum int guild 1..100 - 20
BaseCampMaxNumInGuild int guild 1..10 load 4
PalEggDefaultHatchingTime float pals 0..240 - 1.000000
WorkSpeedRate float pals 0.1..20 - 1.000000
AutoSaveSpan float technical 10..600 loss_window 30.000000
bIsMultiplay bool server - - False
bIsPvP bool pvp - changes_play=True False
bHardcore bool player - destroys_data=True False
bPalLost bool player - destroys_data=True False
bCharacterRecreateInHardcore bool player - - False
bCanPickupOtherGuildDeathPenaltyDrop bool pvp - - False
bEnableNonLoginPenalty bool player - - True
bEnableFastTravel bool world - - True
bEnableFastTravelOnlyBaseCamp bool world - - False
bIsStartLocationSelectByMap bool world - - False
bExistPlayerAfterLogout bool player - - False
bEnableDefenseOtherGuildPlayer bool pvp - - False
bInvisibleOtherGuildBaseCampAreaFX bool guild - - False
bBuildAreaLimit bool guild - - False
ItemWeightRate float player 0.. - 1.000000
CoopPlayerMaxNum int server 1..32 - 4
ServerPlayerMaxNum int server 1..32 - 32
ServerName string server - - "Default Palworld Server"
ServerDescription string server - - ""
AdminPassword string server - blinds_panel ""
ServerPassword string server - - ""
bAllowClientMod bool server - opens_server=True True
PublicPort int network 1..65535 - 8211
PublicIP string network - - ""
RCONEnabled bool network - - False
RCONPort int network 1..65535 - 25575
Region string server - - ""
bUseAuth bool server - opens_server=False True
BanListURL string server - opens_server "https://b.palworldgame.com/api/banlist.txt"
RESTAPIEnabled bool network - blinds_panel=False False
RESTAPIPort int network 1..65535 blinds_panel 8212
bShowPlayerList bool server - - False
ChatPostLimitPerMinute int server 1..120 - 30
CrossplayPlatforms list server Steam|Xbox|PS5|Mac - (Steam,Xbox,PS5,Mac)
bIsUseBackupSaveData bool technical - - True
LogFormatType enum network Text|Json - Text
bIsShowJoinLeftMessage bool server - - True
SupplyDropSpan int world 30..1440 - 180
EnablePredatorBossPal bool world - - True
MaxBuildingLimitNum int guild 0..10000 load 0
ServerReplicatePawnCullDistance float technical 5000..15000 - 15000.000000
bAllowGlobalPalboxExport bool pals - - True
bAllowGlobalPalboxImport bool pals - changes_play=True False
EquipmentDurabilityDamageRate float player 0.. - 1.000000
ItemContainerForceMarkDirtyInterval float technical 0.. - 1.000000
PlayerDataPalStorageUpdateCheckTickInterval float technical 0.. - 1.000000
ItemCorruptionMultiplier float items 0.. - 1.000000
MonsterFarmActionSpeedRate float pals 0.. - 1.000000
DenyTechnologyList list player - -
GuildRejoinCooldownMinutes int guild 0.. - 0
AutoTransferMasterCheckIntervalSeconds float guild 0.. - 3600.000000
AutoTransferMasterThresholdDays int guild 0.. - 14
MaxGuildsPerFrame int guild 0.. load 10
BlockRespawnTime float player 0.. - 5.000000
RespawnPenaltyDurationThreshold float player 0.. - 0.000000
RespawnPenaltyTimeScale float player 0.. - 2.000000
bDisplayPvPItemNumOnWorldMap_BaseCamp bool pvp - - False
bDisplayPvPItemNumOnWorldMap_Player bool pvp - changes_play=True False
AdditionalDropItemWhenPlayerKillingInPvPMode string pvp - - "PlayerDropItem"
AdditionalDropItemNumWhenPlayerKillingInPvPMode int pvp 0.. - 1
bAdditionalDropItemWhenPlayerKillingInPvPMode bool pvp - - False
bEnableVoiceChat bool server - - False
VoiceChatMaxVolumeDistance float server 0.. - 3000.000000
VoiceChatZeroVolumeDistance float server 0.. - 15000.000000
bAllowEnhanceStat_Health bool player - - True
bAllowEnhanceStat_Attack bool player - - True
bAllowEnhanceStat_Stamina bool player - - True
bAllowEnhanceStat_Weight bool player - - True
bAllowEnhanceStat_WorkSpeed bool player - - True
bEnableBuildingPlayerUIdDisplay bool guild - - False
BuildingNameDisplayCacheTTLSeconds int guild 0.. - 60
"""
SECRETS = frozenset({"AdminPassword", "ServerPassword"})
NONE = "-"


class Option(msgspec.Struct, frozen=True):
    """`default` is raw. `minimum` and `maximum` are those of a number, None where it has none."""

    key: str
    type: str
    group: str
    default: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    danger: str | None = None
    dangerous_value: bool | None = None

    @property
    def is_secret(self) -> bool:
        return self.key in SECRETS


def _read_option(line: str) -> Option:
    key, kind, group, limits, danger, *rest = line.split(" ", 5)
    low, _, high = limits.partition("..") if kind in ("int", "float") else ("", "", "")
    name, _, value = danger.partition("=")
    return Option(
        key=key,
        type=kind,
        group=group,
        default=rest[0] if rest else "",
        minimum=float(low) if low else None,
        maximum=float(high) if high else None,
        choices=tuple(limits.split("|")) if kind in ("enum", "list") and limits != NONE else (),
        danger=None if name == NONE else name,
        dangerous_value={"True": True, "False": False}.get(value),
    )


OPTIONS = {option.key: option for option in map(_read_option, TABLE.strip().splitlines())}
KEYS_BY_LOWER = {key.lower(): key for key in OPTIONS}
DEFAULTS = {key: option.default for key, option in OPTIONS.items()}
