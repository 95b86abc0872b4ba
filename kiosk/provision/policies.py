"""The managed policies of the browser that shows the patient's screen.

Source: Chrome Enterprise, "Policy list". A test asks the real browser whether it knows each one and takes its value.
"""

from typing import Any

_OFF = (
    "AllowFileSelectionDialogs",
    "AllowDinosaurEasterEgg",
    "AutofillAddressEnabled",
    "AutofillCreditCardEnabled",
    "AudioCaptureAllowed",
    "BackgroundModeEnabled",
    "BookmarkBarEnabled",
    "BrowserAddPersonEnabled",
    "BrowserGuestModeEnabled",
    "ComponentUpdatesEnabled",
    "DefaultBrowserSettingEnabled",
    "EditBookmarksEnabled",
    "MetricsReportingEnabled",
    "PasswordManagerEnabled",
    "PaymentMethodQueryEnabled",
    "PrintingEnabled",
    "PromotionsEnabled",
    "QuicAllowed",
    "RemoteDebuggingAllowed",
    "SearchSuggestEnabled",
    "ShowHomeButton",
    "SpellcheckEnabled",
    "TaskManagerEndProcessEnabled",
    "TranslateEnabled",
    "UserFeedbackAllowed",
)
_BLOCK = 2
_BLOCKED = (
    "DefaultClipboardSetting",
    "DefaultFileSystemReadGuardSetting",
    "DefaultFileSystemWriteGuardSetting",
    "DefaultGeolocationSetting",
    "DefaultNotificationsSetting",
    "DefaultPopupsSetting",
    "DefaultSensorsSetting",
    "DefaultSerialGuardSetting",
    "DefaultWebBluetoothGuardSetting",
    "DefaultWebHidGuardSetting",
    "DefaultWebUsbGuardSetting",
)
# "*" alone leaves the browser's own pages open, its settings among them.
_EVERY_ADDRESS = ("*", "chrome://*", "chrome-untrusted://*", "file://*", "javascript:*", "view-source:*")
_NETWORK_PREDICTION_NEVER = 2
_DEVELOPER_TOOLS_NEVER = 2
_INCOGNITO_FORCED = 2
_DOWNLOADS_NONE = 3
_SIGN_IN_NONE = 0


def browser_policies(origin: str, *, camera: bool) -> dict[str, Any]:
    """The policies of a browser that shows one server and nothing else.

    :param origin: the server, such as ``http://127.0.0.1:8000``.
    :param camera: whether its pages may use the camera.
    """
    here = origin.removeprefix("http://")
    return {
        **dict.fromkeys(_OFF, False),
        **dict.fromkeys(_BLOCKED, _BLOCK),
        "NetworkPredictionOptions": _NETWORK_PREDICTION_NEVER,
        "URLBlocklist": list(_EVERY_ADDRESS),
        "URLAllowlist": [here],
        "DeveloperToolsAvailability": _DEVELOPER_TOOLS_NEVER,
        "IncognitoModeAvailability": _INCOGNITO_FORCED,
        "DownloadRestrictions": _DOWNLOADS_NONE,
        "BrowserSignin": _SIGN_IN_NONE,
        "SyncDisabled": True,
        "ExtensionInstallBlocklist": ["*"],
        "ExtensionAllowedTypes": [],
        "SavingBrowserHistoryDisabled": True,
        "DisableScreenshots": True,
        "HideWebStoreIcon": True,
        "DnsOverHttpsMode": "off",
        "ProxyMode": "direct",
        "HomepageLocation": f"{origin}/",
        "HomepageIsNewTabPage": False,
        "NewTabPageLocation": f"{origin}/",
        "RestoreOnStartup": 4,
        "RestoreOnStartupURLs": [f"{origin}/"],
        "AutoplayAllowed": False,
        "AutoplayAllowlist": [here],
        "VideoCaptureAllowed": False,
        "VideoCaptureAllowedUrls": [f"{origin}/"] if camera else [],
    }
