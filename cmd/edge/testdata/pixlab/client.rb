# PixLab's calls as Ruby programs make them: client.rb BASE KEY CALL [ARGUMENT...]
#
# Prints "STATUS VALUE".
require 'json'
require 'net/http'
require 'uri'

base, key, call, *args = ARGV

def show(response, field = 'link')
  answer = JSON.parse(response.body)
  puts "#{answer['status']} #{answer['status'] == 200 ? answer[field] : answer['error']}"
end

def get(address, params)
  uri = URI(address)
  uri.query = URI.encode_www_form(params)
  Net::HTTP.get_response(uri)
end

case call
when 'copy'
  show get("#{base}/copy", img: args[0], key: key)
when 'store'
  uri = URI("#{base}/store")
  request = Net::HTTP::Post.new(uri)
  File.open(args[0], 'rb') do |picture|
    request.set_form([['file', picture], ['comment', 'a picture'], ['key', key]], 'multipart/form-data')
    show Net::HTTP.start(uri.hostname, uri.port) { |http| http.request(request) }
  end
when 'delete'
  show get("#{base}/delete", link: args[0], key: key), 'deleted'
when 'crop'
  show get("#{base}/crop", img: args[0], x: args[1], y: args[2], width: args[3], height: args[4], key: key)
when 'crop-form'
  show Net::HTTP.post_form(URI("#{base}/crop"), img: args[0], x: args[1], y: args[2], width: args[3], height: args[4], key: key)
when 'oilpaint'
  show get("#{base}/oilpaint", img: args[0], radius: 3, key: key)
else
  abort 'no such call'
end
