"""What whoever finds an archive reads first."""

TEXT = """\
ONE STORE OF DESKFLEET
======================
This archive holds everything of one store: buyers, tickets, messages and their files, and nothing of any other.
It is one moment: all tables were read at the same instant. Its owner may keep it, read it, or move elsewhere with it:

    manage.py import_store ARCHIVE.zip --agency AGENCY --slug NEW-SLUG

manifest.json           what this is of, when it was made, and each file with its size, SHA-256 and number of rows
tables/<table>.jsonl    the store's own tables. UTF-8, one JSON object a line is one row, in the order of the key
public/<table>.jsonl    the store's rows in tables that stores share: open tickets in the queue, what was delivered,
                        what waits to be sent. Its own row, its hosts and who worked for it are there to be read only
people.jsonl            id, e-mail and name of everybody whom the rows refer to (author_id, assignee_id, actor_id).
                        There is no password in it. Who only
                        worked for the store and left no trace in its rows has is_needed: false
files/<path>            attachments. A row of tickets_attachment names its file in `file`: the part before the first /
                        is a folder, the rest is the path below files/

Times are UTC, as 2026-11-20T12:00:00+00:00. To look at it without any program of ours:
    unzip -p ARCHIVE.zip tables/tickets_message.jsonl | head
    python3 -c 'import json, sys; [print(json.loads(row)["body"]) for row in sys.stdin]' < tables/tickets_message.jsonl
It holds what buyers wrote and who they are: keep it as you would keep their letters.


掌柜台 · 一个店铺的存档
======================
本存档包含一个店铺的全部内容：买家、工单、消息及其附件；不含其他任何店铺的内容。
所有数据表在同一时刻读取。店铺的主人可以保存、查阅，也可以带着它迁入别处：

    manage.py import_store 存档.zip --agency 代运营 --slug 新的短名

manifest.json           存档属于哪个店铺、何时生成，以及每个文件的大小、SHA-256 与行数
tables/<表>.jsonl       店铺自己的数据表。UTF-8 编码，每行一个 JSON 对象，即一条记录，按主键排序
public/<表>.jsonl       店铺在共用数据表中的记录：队列里的未结工单、已送达的、等待发送的。
                        店铺自身的记录、域名以及为其工作的人员仅供查阅
people.jsonl            记录中提到的每个人的编号、邮箱与姓名（author_id、assignee_id、actor_id），不含密码。
                        is_needed 为 false 的人只是被分配到该店铺，记录中没有其痕迹
files/<路径>            附件。tickets_attachment 每条记录的 file 指明文件：第一个 / 之前是文件夹，其后是 files/ 下的路径

时间均为 UTC，例如 2026-11-20T12:00:00+00:00。不用我们的程序也能查看：
    unzip -p 存档.zip tables/tickets_message.jsonl | head
其中有买家写下的话和他们的身份：请像保管他们的信件一样保管它。
"""
