//! Owns the value probabilities from which synthetic phishing rows are drawn.
//!
//! Derived from the UCI Phishing Websites data (Mohammad & McCluskey, DOI 10.24432/C51W2X, CC BY 4.0): for each class a mixture
//! of three profiles with independent features, fitted by expectation-maximisation to its rows (4,898 phishing, 6,157
//! legitimate) and rounded to thousandths.

/// One kind of site within a class.
#[derive(Debug)]
pub(super) struct Profile {
    /// Share of the class's rows, in thousandths.
    pub(super) weight: u32,
    /// For each feature, in the file's order: thousandths at -1, and at -1 or 0. The rest is at 1.
    pub(super) steps: [(u16, u16); 30],
}

/// Profiles of phishing sites (`Result = -1`).
pub(super) const PHISHING: [Profile; 3] = [
    Profile {
        weight: 760,
        steps: [
            (334, 334),   // having_IP_Address
            (854, 870),   // URL_Length
            (15, 15),     // Shortining_Service
            (96, 96),     // having_At_Symbol
            (26, 26),     // double_slash_redirecting
            (1000, 1000), // Prefix_Suffix
            (391, 836),   // having_Sub_Domain
            (636, 849),   // SSLfinal_State
            (522, 522),   // Domain_registeration_length
            (0, 0),       // Favicon
            (5, 5),       // port_no
            (51, 51),     // HTTPS_token
            (549, 549),   // Request_URL
            (611, 968),   // URL_of_Anchor
            (556, 917),   // Links_in_tags
            (874, 925),   // SFH
            (49, 49),     // Submitting_to_email
            (29, 29),     // Abnormal_URL
            (0, 928),     // Redirect
            (3, 3),       // on_mouseover
            (2, 2),       // RightClick
            (6, 6),       // popUpWidnow
            (4, 4),       // Iframe
            (545, 545),   // age_of_domain
            (287, 287),   // DNSRecord
            (357, 697),   // web_traffic
            (790, 790),   // Page_Rank
            (178, 178),   // Google_Index
            (29, 666),    // Links_pointing_to_page
            (100, 100),   // Statistical_report
        ],
    },
    Profile {
        weight: 141,
        steps: [
            (363, 363),   // having_IP_Address
            (854, 887),   // URL_Length
            (0, 0),       // Shortining_Service
            (441, 441),   // having_At_Symbol
            (8, 8),       // double_slash_redirecting
            (1000, 1000), // Prefix_Suffix
            (349, 847),   // having_Sub_Domain
            (574, 871),   // SSLfinal_State
            (575, 575),   // Domain_registeration_length
            (973, 973),   // Favicon
            (775, 775),   // port_no
            (96, 96),     // HTTPS_token
            (563, 563),   // Request_URL
            (778, 968),   // URL_of_Anchor
            (282, 813),   // Links_in_tags
            (888, 935),   // SFH
            (771, 771),   // Submitting_to_email
            (100, 100),   // Abnormal_URL
            (0, 939),     // Redirect
            (606, 606),   // on_mouseover
            (215, 215),   // RightClick
            (938, 938),   // popUpWidnow
            (432, 432),   // Iframe
            (545, 545),   // age_of_domain
            (320, 320),   // DNSRecord
            (259, 700),   // web_traffic
            (812, 812),   // Page_Rank
            (159, 159),   // Google_Index
            (51, 657),    // Links_pointing_to_page
            (433, 433),   // Statistical_report
        ],
    },
    Profile {
        weight: 99,
        steps: [
            (889, 889),   // having_IP_Address
            (639, 643),   // URL_Length
            (941, 941),   // Shortining_Service
            (363, 363),   // having_At_Symbol
            (944, 944),   // double_slash_redirecting
            (1000, 1000), // Prefix_Suffix
            (287, 807),   // having_Sub_Domain
            (589, 896),   // SSLfinal_State
            (719, 719),   // Domain_registeration_length
            (485, 485),   // Favicon
            (369, 369),   // port_no
            (945, 945),   // HTTPS_token
            (503, 503),   // Request_URL
            (897, 987),   // URL_of_Anchor
            (258, 327),   // Links_in_tags
            (762, 845),   // SFH
            (442, 442),   // Submitting_to_email
            (879, 879),   // Abnormal_URL
            (0, 403),     // Redirect
            (470, 470),   // on_mouseover
            (140, 140),   // RightClick
            (570, 570),   // popUpWidnow
            (270, 270),   // Iframe
            (466, 466),   // age_of_domain
            (885, 885),   // DNSRecord
            (342, 642),   // web_traffic
            (791, 791),   // Page_Rank
            (318, 318),   // Google_Index
            (104, 392),   // Links_pointing_to_page
            (341, 341),   // Statistical_report
        ],
    },
];

/// Profiles of legitimate sites (`Result = 1`).
pub(super) const LEGITIMATE: [Profile; 3] = [
    Profile {
        weight: 683,
        steps: [
            (177, 177), // having_IP_Address
            (816, 822), // URL_Length
            (20, 20),   // Shortining_Service
            (76, 76),   // having_At_Symbol
            (8, 8),     // double_slash_redirecting
            (781, 781), // Prefix_Suffix
            (250, 482), // having_Sub_Domain
            (97, 102),  // SSLfinal_State
            (745, 745), // Domain_registeration_length
            (0, 0),     // Favicon
            (0, 0),     // port_no
            (46, 46),   // HTTPS_token
            (314, 314), // Request_URL
            (7, 635),   // URL_of_Anchor
            (225, 688), // Links_in_tags
            (681, 763), // SFH
            (50, 50),   // Submitting_to_email
            (43, 43),   // Abnormal_URL
            (0, 971),   // Redirect
            (2, 2),     // on_mouseover
            (0, 0),     // RightClick
            (9, 9),     // popUpWidnow
            (0, 0),     // Iframe
            (433, 433), // age_of_domain
            (153, 153), // DNSRecord
            (177, 327), // web_traffic
            (693, 693), // Page_Rank
            (71, 71),   // Google_Index
            (53, 723),  // Links_pointing_to_page
            (66, 66),   // Statistical_report
        ],
    },
    Profile {
        weight: 187,
        steps: [
            (349, 349), // having_IP_Address
            (717, 731), // URL_Length
            (39, 39),   // Shortining_Service
            (320, 320), // having_At_Symbol
            (44, 44),   // double_slash_redirecting
            (760, 760), // Prefix_Suffix
            (255, 442), // having_Sub_Domain
            (41, 41),   // SSLfinal_State
            (829, 829), // Domain_registeration_length
            (972, 972), // Favicon
            (663, 663), // port_no
            (88, 88),   // HTTPS_token
            (257, 257), // Request_URL
            (7, 605),   // URL_of_Anchor
            (322, 698), // Links_in_tags
            (665, 754), // SFH
            (694, 694), // Submitting_to_email
            (104, 104), // Abnormal_URL
            (0, 949),   // Redirect
            (564, 564), // on_mouseover
            (218, 218), // RightClick
            (979, 979), // popUpWidnow
            (494, 494), // Iframe
            (405, 405), // age_of_domain
            (308, 308), // DNSRecord
            (125, 256), // web_traffic
            (706, 706), // Page_Rank
            (79, 79),   // Google_Index
            (53, 385),  // Links_pointing_to_page
            (283, 283), // Statistical_report
        ],
    },
    Profile {
        weight: 130,
        steps: [
            (902, 902),   // having_IP_Address
            (779, 791),   // URL_Length
            (1000, 1000), // Shortining_Service
            (163, 163),   // having_At_Symbol
            (979, 979),   // double_slash_redirecting
            (667, 667),   // Prefix_Suffix
            (226, 450),   // having_Sub_Domain
            (64, 64),     // SSLfinal_State
            (765, 765),   // Domain_registeration_length
            (32, 32),     // Favicon
            (7, 7),       // port_no
            (987, 987),   // HTTPS_token
            (254, 254),   // Request_URL
            (0, 632),     // URL_of_Anchor
            (315, 719),   // Links_in_tags
            (717, 778),   // SFH
            (91, 91),     // Submitting_to_email
            (905, 905),   // Abnormal_URL
            (0, 377),     // Redirect
            (0, 0),       // on_mouseover
            (0, 0),       // RightClick
            (32, 32),     // popUpWidnow
            (0, 0),       // Iframe
            (339, 339),   // age_of_domain
            (908, 908),   // DNSRecord
            (116, 203),   // web_traffic
            (737, 737),   // Page_Rank
            (276, 276),   // Google_Index
            (89, 125),    // Links_pointing_to_page
            (135, 135),   // Statistical_report
        ],
    },
];
